// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Telling a forked child from the process that made an object. Internal.

#include <atomic>

#include <pthread.h>

namespace cofutures::detail {

/// How often this process image was forked on the way here; differs between parent and child.
inline unsigned fork_generation() noexcept
{
    // Written by the child's only thread inside fork(), so relaxed order is enough.
    static std::atomic<unsigned> generation{0};
    static const int registered = pthread_atfork(
        nullptr, nullptr, [] { generation.fetch_add(1, std::memory_order_relaxed); });
    static_cast<void>(registered);
    return generation.load(std::memory_order_relaxed);
}

} // namespace cofutures::detail
