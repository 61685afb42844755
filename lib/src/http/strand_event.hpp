// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// How coroutines of one strand wait for each other.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>

namespace cofutures::http::detail {

namespace asio = boost::asio;

/// Something that a coroutine waits for and others on the same strand trigger.
class strand_event {
public:
    explicit strand_event(const asio::any_io_executor& executor)
        : timer_(executor, asio::steady_timer::time_point::max())
    {}

    /// Waits; returns after any later `trigger()`, so callers look at their own condition in a
    /// loop.
    asio::awaitable<void> wait() { return wait_until(asio::steady_timer::time_point::max()); }

    /// As `wait()`, and returns at `limit` at the latest.
    asio::awaitable<void> wait_until(std::chrono::steady_clock::time_point limit);
    void trigger() { timer_.cancel(); }

private:
    asio::steady_timer timer_;
};

} // namespace cofutures::http::detail
