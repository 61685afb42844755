// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// When workers that could not be started are tried again, without any clock of its own. Internal.

#include <cofutures/timeout.hpp>

#include <algorithm>
#include <chrono>
#include <optional>

namespace cofutures::detail {

/// A shortage of descriptors, processes or memory is mostly over in a moment: the pool goes on with the
/// workers it has and tries again, with exponential back-off. It is hopeless once no worker was left for
/// as long as the pool is patient, and none could be started.
class start_retries {
public:
    using clock = std::chrono::steady_clock;

    static constexpr std::chrono::milliseconds first_delay{10};
    static constexpr std::chrono::milliseconds longest_delay{1000};

    explicit start_retries(clock::duration patience) noexcept : patience_(patience) {}

    /// Notes that a worker could not be started.
    void failed(clock::time_point now, bool workers_left) noexcept
    {
        next_ = now + delay_;
        delay_ = std::min<clock::duration>(2 * delay_, longest_delay);
        if (workers_left) {
            alone_since_.reset();
        } else if (!alone_since_) {
            alone_since_ = now;
        }
    }

    /// Notes that a worker was started: what was lacking is there again.
    void succeeded() noexcept
    {
        delay_ = first_delay;
        alone_since_.reset();
    }

    /// When to try again after the last failure.
    clock::time_point next() const noexcept { return next_; }

    bool is_hopeless(clock::time_point now) const noexcept
    {
        return alone_since_ && later(*alone_since_, patience_) <= now;
    }

private:
    clock::duration patience_;
    clock::duration delay_ = first_delay;
    clock::time_point next_{};
    std::optional<clock::time_point> alone_since_; ///< the first failure without any worker left
};

} // namespace cofutures::detail
