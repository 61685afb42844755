// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// How many connections may fetch one file, without any clock of its own.

#include <cofutures/timeout.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace cofutures::http::detail {

/// Doubles the connections of a download, step by step, as long as that makes it faster.
///
/// Small and fast files are whole before the first step. One that would be whole before the next
/// step is left alone, too, since a connection takes a while to come up to speed.
class split_pace {
public:
    using clock = std::chrono::steady_clock;

    /// Begins with one connection. Without a `step` all that are allowed may come at once.
    split_pace(std::size_t most, std::chrono::milliseconds step, clock::time_point now)
        : most_(std::max<std::size_t>(most, 1)),
          step_(cofutures::detail::saturated(std::max(step, std::chrono::milliseconds(0)))),
          allowed_(step_.count() == 0 ? most_ : 1),
          begun_(now)
    {}

    /// Notes bytes of any of the connections.
    void add(std::size_t bytes) noexcept { arrived_ += static_cast<double>(bytes); }

    /// How many connections there may be, `missing` bytes before the end.
    ///
    /// Measures while as many are `running`: where no more can be had at the moment, nothing is
    /// known about what they would bring.
    std::size_t allowed(std::uint64_t missing, std::size_t running, clock::time_point now)
    {
        if (step_.count() == 0 || settled_) {
            return allowed_;
        }
        if (running < allowed_) {
            begin_step(now);
        } else if (now - begun_ >= step_) {
            const std::chrono::duration<double> took = now - begun_;
            decide(arrived_ / took.count(), static_cast<double>(missing));
            begin_step(now);
        }
        return allowed_;
    }

private:
    static constexpr double worthwhile = 1.1; ///< what twice the connections must bring at least

    void begin_step(clock::time_point now)
    {
        begun_ = now;
        arrived_ = 0;
    }

    void decide(double speed, double missing)
    {
        if (before_ && speed < *before_ * worthwhile) {
            settled_ = true;
            allowed_ = (allowed_ + 1) / 2;
            return;
        }
        before_.reset();
        const double step = std::chrono::duration<double>(step_).count();
        if (allowed_ < most_ && missing > 2 * step * speed) {
            before_ = speed;
            allowed_ = std::min(most_, allowed_ * 2);
        }
    }

    std::size_t most_;
    clock::duration step_;
    std::size_t allowed_;
    clock::time_point begun_;      ///< of the present step
    double arrived_ = 0;           ///< bytes within it
    std::optional<double> before_; ///< the speed, if they have just been doubled
    bool settled_ = false;
};

} // namespace cofutures::http::detail
