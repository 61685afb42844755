// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// How long a call may wait. Floor 0.

#include <cofutures/detail/cplusplus.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <type_traits>

namespace cofutures {

namespace detail {

/// A duration in the steady clock's unit, or the nearest one that it can hold.
///
/// duration_cast would overflow for `chrono::hours::max()` and for infinities.
template <typename Rep, typename Period>
constexpr std::chrono::steady_clock::duration saturated(std::chrono::duration<Rep, Period> duration)
{
    using limited = std::chrono::steady_clock::duration;
    using wide = std::chrono::duration<long double, limited::period>;
    const wide exact(duration);
    if (!(exact < wide(limited::max()))) { // or not a number
        return limited::max();
    }
    if (exact <= wide(limited::min())) {
        return limited::min();
    }
    return std::chrono::duration_cast<limited>(duration);
}

/// The point in time that lies `by` after `from`; `max()`, which is never, where the clock does not
/// reach it. Every option that is a duration comes through here before it meets a clock, so that
/// its `max()` is no limit.
constexpr std::chrono::steady_clock::time_point later(std::chrono::steady_clock::time_point from,
                                                      std::chrono::steady_clock::duration by)
{
    using point = std::chrono::steady_clock::time_point;
    if (by == by.max()) {
        return point::max(); // also from before the clock's zero
    }
    const auto since_zero = from.time_since_epoch();
    if (by.count() > 0 && since_zero > by.max() - by) {
        return point::max();
    }
    if (by.count() < 0 && since_zero < by.min() - by) {
        return point::min();
    }
    return from + by;
}

} // namespace detail

/// A limit for a wait: for ever, for a duration, or until a point of the steady clock.
///
/// Made implicitly from any `std::chrono` duration or `steady_clock` time point, so calls read
/// `f.result(5s)` and options `{.timeout = 5s}`. A duration starts to count when the call that takes
/// it begins. Zero and negative durations poll; durations beyond the clock's range wait for ever.
///
/// **Python** the `timeout` argument: `None`, a number of seconds, 0 to poll, negative as 0.
/// **Throws** `std::invalid_argument` for a floating-point duration that is not a number.
class timeout {
public:
    using clock = std::chrono::steady_clock;

    /// Waits for ever.
    constexpr timeout() noexcept = default;

    template <typename Rep, typename Period>
    constexpr timeout(std::chrono::duration<Rep, Period> duration)
        : kind_(kind::relative), ticks_(detail::saturated(duration))
    {
        if constexpr (std::is_floating_point_v<Rep>) {
            if (duration.count() != duration.count()) {
                throw std::invalid_argument("cofutures: a timeout must be a number, got NaN");
            }
        }
        if (ticks_ == clock::duration::max()) {
            kind_ = kind::forever;
        }
    }

    template <typename Duration>
    constexpr timeout(std::chrono::time_point<clock, Duration> until)
        : kind_(kind::absolute), ticks_(detail::saturated(until.time_since_epoch()))
    {}

    /// The point in time at which a wait that begins now must end; empty for "never".
    std::optional<clock::time_point> deadline() const noexcept
    {
        if (kind_ == kind::forever) {
            return std::nullopt;
        }
        if (kind_ == kind::absolute) {
            return clock::time_point(ticks_);
        }
        const auto end = detail::later(clock::now(), std::max(ticks_, clock::duration::zero()));
        return end == clock::time_point::max() ? std::nullopt : std::optional(end);
    }

private:
    enum class kind : unsigned char { forever, relative, absolute };

    kind kind_ = kind::forever;
    clock::duration ticks_{};
};

} // namespace cofutures
