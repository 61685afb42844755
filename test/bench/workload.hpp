// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What every contender does: the same tasks, the same numbers, the same checksum.

#include <cstddef>
#include <cstdint>

namespace workload {

constexpr std::size_t workers = 2;

/// A task that costs next to nothing, so that what remains is the executor.
inline std::uint64_t task(std::uint64_t n) noexcept
{
    return n ^ 0x5555;
}

/// The sum of `task(0) … task(count - 1)`, which every contender must arrive at.
inline std::uint64_t expected(std::uint64_t count) noexcept
{
    std::uint64_t sum = 0;
    for (std::uint64_t n = 0; n != count; ++n) {
        sum += task(n);
    }
    return sum;
}

} // namespace workload
