// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Who may connect to which origin, and the connections kept for the next request.

#include "connection.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace cofutures::http::detail {

/// Something that a coroutine waits for and others on the same strand trigger.
class strand_event {
public:
    explicit strand_event(asio::any_io_executor executor)
        : timer_(std::move(executor), asio::steady_timer::time_point::max())
    {}

    /// Waits; returns after any later `trigger()`, so callers look at their own condition in a
    /// loop.
    asio::awaitable<void> wait();
    void trigger() { timer_.cancel(); }

private:
    asio::steady_timer timer_;
};

/// Turns and kept connections of every origin.
///
/// At most `limit` requests have a turn with one origin; each uses one connection. Others wait in
/// order. A kept connection belongs to nobody's turn, but it is used before a new one is opened, so
/// the number of connections to an origin never exceeds the limit.
///
/// **Thread safety** None: it belongs to the client's strand.
class connection_pool {
public:
    struct waiter {
        strand_event& event;
        bool granted = false;
    };

    connection_pool(std::size_t limit, std::chrono::steady_clock::duration keep_alive)
        : limit_(limit), keep_alive_(keep_alive)
    {}

    /// Takes a turn if one is free; else queues `who`, whose event is triggered when it is granted.
    bool take_turn(const std::string& origin, waiter& who);

    /// Leaves the queue; a turn that was granted meanwhile goes to the next.
    void forget(const std::string& origin, waiter& who);

    /// Gives a turn back.
    void end_turn(const std::string& origin);

    /// A kept connection that seems usable, or null.
    std::unique_ptr<connection> take_kept(const std::string& origin);

    void keep(const std::string& origin, std::unique_ptr<connection> kept);

    void close_kept()
    {
        kept_count_ = 0;
        for (auto& [_, host] : hosts_) {
            host.kept.clear();
        }
    }

    std::size_t kept_count() const noexcept { return kept_count_; }

private:
    struct host_state {
        std::size_t turns = 0;
        std::deque<waiter*> waiting;
        std::vector<std::unique_ptr<connection>> kept;
    };

    std::size_t limit_;
    std::chrono::steady_clock::duration keep_alive_;
    std::map<std::string, host_state> hosts_;
    std::size_t kept_count_ = 0;
};

} // namespace cofutures::http::detail
