// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Whether a body comes fast enough, without any clock of its own.

#include <cofutures/timeout.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace cofutures::http::detail {

/// Watches that as many bytes as fit into a window at the least speed come within each window.
class speed_watch {
public:
    using clock = std::chrono::steady_clock;

    /// A speed of 0 bytes per second is always reached.
    speed_watch(std::uint64_t bytes_per_second, std::chrono::milliseconds window)
        : window_(cofutures::detail::saturated(std::max(window, std::chrono::milliseconds(1)))),
          wanted_(static_cast<double>(bytes_per_second) *
                  std::chrono::duration<double>(window_).count())
    {}

    /// Begins the first window, unless it has begun.
    void begin(clock::time_point now)
    {
        if (!begun_) {
            begun_ = true;
            start_ = now;
        }
    }

    void add(std::size_t bytes, clock::time_point now)
    {
        arrived_ += static_cast<double>(bytes);
        if (arrived_ >= wanted_) {
            arrived_ = 0;
            start_ = now;
        }
    }

    /// Leaves out a time in which nobody read.
    void skip(clock::duration time) { start_ += time; }

    /// When it has been too slow, unless something comes before.
    clock::time_point deadline() const
    {
        return begun_ && wanted_ > 0 ? cofutures::detail::later(start_, window_)
                                     : clock::time_point::max();
    }

private:
    clock::duration window_;
    double wanted_; ///< bytes per window
    double arrived_ = 0;
    bool begun_ = false;
    clock::time_point start_{};
};

} // namespace cofutures::http::detail
