// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// When a request that failed is made again. Floor 6.

#include <cofutures/timeout.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <vector>

namespace cofutures::http {

/// How often, and how patiently, a request is repeated.
///
/// Repeated are failures for which `is_retryable()` holds, and answers with one of `statuses`, if
/// the method is idempotent (GET, HEAD, OPTIONS, TRACE, PUT, DELETE) or nothing of the request was
/// sent. Each try begins at the URL that was asked for, whatever redirects the last one followed.
/// When no try is left, the last answer or the last failure is the result.
struct retry_policy {
    /// How often the request is made at most, the first time included. 1: never again.
    std::size_t max_tries = 1;

    /// The wait after the first failure; it doubles with each further one up to `max_delay`.
    ///
    /// What is waited is a random part between half of it and all of it, so that clients which
    /// failed together do not come back together.
    std::chrono::milliseconds first_delay = std::chrono::seconds(1);
    std::chrono::milliseconds max_delay = std::chrono::minutes(1);

    /// How long failing and waiting may take in all, from the beginning of the first try on. Waiting
    /// ends at once, with the last result, where it would lead beyond this or beyond
    /// `time_limits::total`.
    ///
    /// Time in which a body comes or goes does not count, from its first piece to its last in each
    /// try: a file that takes hours has as much patience as a small one. A point in time is moved by
    /// as much.
    timeout budget = std::chrono::minutes(10);

    /// Answers that mean "later, perhaps". Their `Retry-After`, in seconds or as a date, makes the
    /// wait longer, never shorter, and holds for the whole origin: other requests that may be repeated wait in the
    /// client's queue for as long, unless that would go beyond their own `budget`.
    std::vector<int> statuses = {408, 429, 500, 502, 503, 504};

    /// Numbers from 0 to 1 in place of random ones, for tests.
    ///
    /// **Runs on** The client's I/O thread.
    std::function<double()> random = {};
};

} // namespace cofutures::http
