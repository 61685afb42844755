// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// How many workers a pool has. Floor 0.

#include <cofutures/detail/cplusplus.hpp>

#include <concepts>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>

namespace cofutures {

/// The number of CPUs this process may use: its scheduling affinity, further limited by the CPU quota of
/// its cgroup (v1 or v2), rounded up; at least 1.
///
/// Unlike `std::thread::hardware_concurrency()` it is right in a container.
std::size_t usable_cpus();

/// A number of workers, or "as the pool sees fit".
///
/// Made implicitly from any integral type. Rules of thumb: CPU-bound work, as many as CPUs; blocking
/// I/O, a multiple of that.
///
/// **Throws** `std::invalid_argument` for zero and negative numbers.
class worker_count {
public:
    /// Leaves the choice to the pool.
    constexpr worker_count() noexcept = default;

    template <std::integral Integer>
        requires(!std::same_as<Integer, bool>)
    constexpr worker_count(Integer count) : count_(checked(count)) {}

    /// The number, or `otherwise` where none was given.
    constexpr std::size_t value_or(std::size_t otherwise) const noexcept
    {
        return count_ != 0 ? count_ : otherwise;
    }

private:
    template <std::integral Integer>
    static constexpr std::size_t checked(Integer count)
    {
        if (count <= 0) {
            throw std::invalid_argument("cofutures: max_workers must be greater than 0, got " +
                                        std::to_string(count));
        }
        return static_cast<std::size_t>(count);
    }

    std::size_t count_ = 0;
};

} // namespace cofutures
