// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// How long a call may wait. Floor 0.

#include <chrono>
#include <optional>
#include <stdexcept>
#include <type_traits>

namespace cofutures {

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
        : kind_(kind::relative), ticks_(saturated(duration))
    {
        if (ticks_ == clock::duration::max()) {
            kind_ = kind::forever;
        }
    }

    template <typename Duration>
    constexpr timeout(std::chrono::time_point<clock, Duration> until)
        : kind_(kind::absolute), ticks_(saturated(until.time_since_epoch()))
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
        const auto now = clock::now();
        if (ticks_ > clock::time_point::max() - now) {
            return std::nullopt;
        }
        return now + (ticks_ > clock::duration::zero() ? ticks_ : clock::duration::zero());
    }

private:
    enum class kind : unsigned char { forever, relative, absolute };

    // duration_cast would overflow for chrono::hours::max() and for double infinities.
    template <typename Rep, typename Period>
    static constexpr clock::duration saturated(std::chrono::duration<Rep, Period> duration)
    {
        using wide = std::chrono::duration<long double, clock::period>;
        if constexpr (std::is_floating_point_v<Rep>) {
            if (duration.count() != duration.count()) {
                throw std::invalid_argument("cofutures: a timeout must be a number, got NaN");
            }
        }
        const wide exact(duration);
        if (exact >= wide(clock::duration::max())) {
            return clock::duration::max();
        }
        if (exact <= wide(clock::duration::min())) {
            return clock::duration::min();
        }
        return std::chrono::duration_cast<clock::duration>(duration);
    }

    kind kind_ = kind::forever;
    clock::duration ticks_{};
};

} // namespace cofutures
