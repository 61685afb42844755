// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Telling a forked child from the process that made an object. Floor 0, internal.

#include <cofutures/detail/cplusplus.hpp>

#include <atomic>
#include <cstdint>

namespace cofutures::detail {

/// How often this process image was forked on the way here; differs between parent and child.
///
/// Counted by the child's only thread inside fork(), so relaxed order is enough.
inline std::atomic<std::uint32_t> fork_count{0};

inline std::uint32_t fork_generation() noexcept
{
    return fork_count.load(std::memory_order_relaxed);
}

} // namespace cofutures::detail
