// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The arithmetic of retries, without any clock of its own.

#include <cofutures/http/message.hpp>
#include <cofutures/http/retry_policy.hpp>

#include <chrono>
#include <cstddef>
#include <optional>

namespace cofutures::http::detail {

/// The wait that an answer asks for in `Retry-After`; nothing if it asks for none or for nonsense.
///
/// A date counts from the answer's own `Date`, because the two clocks may differ; without one, from
/// `now`. Dates in the past are no wait.
std::optional<std::chrono::seconds> retry_after(const response_head& head,
                                                std::chrono::system_clock::time_point now);

/// Counts the tries of one request and says how long to wait for the next.
class retry_schedule {
public:
    using time_point = std::chrono::steady_clock::time_point;

    explicit retry_schedule(retry_policy policy);

    /// Notes that the first try begins.
    void begin() { latest_ = policy_.budget.deadline(); }

    /// Notes that some of a body has come, or has been sent: the time since the piece before it, in
    /// the same try, is no part of the budget.
    void progress(time_point now);

    /// Leaves out a time in which it was the turn of others, which is no failing of the server.
    void leave_out(time_point::duration time);

    /// The wait before the next try, which is then counted; nothing if there is none.
    ///
    /// `asked` is the server's own wish, which can only make the wait longer, `deadline` where the
    /// whole request ends.
    std::optional<std::chrono::milliseconds> next(std::optional<std::chrono::seconds> asked,
                                                  time_point now,
                                                  std::optional<time_point> deadline);

    /// Tells whether this request waits for a server that all are to leave alone until `end`: where
    /// that is not within its budget, its own answer may as well come at once.
    bool waits_until(time_point end, time_point now) const;

    /// The number of tries so far, the present one included.
    std::size_t tries() const noexcept { return tries_; }

    /// Tells whether an answer with this status is worth another try.
    bool repeats(int status) const noexcept;

private:
    std::chrono::milliseconds back_off() const;

    retry_policy policy_;
    std::size_t tries_ = 1;
    std::optional<time_point> latest_;
    std::optional<time_point> last_piece_; ///< of a body, in this try
};

} // namespace cofutures::http::detail
