// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Who may connect to which origin, and the connections kept for the next request.

#include "connection.hpp"
#include "strand_event.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace cofutures::http::detail {

/// How many connections there may be, and for how long unused ones stay.
struct pool_limits {
    std::size_t per_host;
    std::size_t total;
    std::chrono::steady_clock::duration keep_alive;
};

/// Turns and kept connections of every origin.
///
/// A request needs a turn, of which there are so many per origin and so many in all; each uses one
/// connection. Others wait, and of those that may go the one that came first goes first: one
/// crowded origin holds nobody else up. A kept connection belongs to nobody's turn, but it is used
/// before a new one is opened, and the one unused for longest is closed where a new one would be
/// one too many.
///
/// **Thread safety** None: it belongs to the client's strand.
class connection_pool {
public:
    struct waiter {
        strand_event& event;
        bool granted = false;
        std::uint64_t ticket = 0;
    };

    connection_pool(const asio::any_io_executor& strand, pool_limits limits);

    /// Takes a turn if one is free; else queues `who`, whose event is triggered when it is granted.
    bool take_turn(const std::string& origin, waiter& who);

    /// Takes a turn only if one is free and nobody waits for it.
    bool take_spare_turn(const std::string& origin);

    /// Tells whether somebody waits for a turn like one that `origin` has.
    bool is_wanted(const std::string& origin) const;

    /// Leaves the queue; a turn that was granted meanwhile goes to the next.
    void forget(const std::string& origin, waiter& who);

    /// Gives a turn back.
    void end_turn(const std::string& origin);

    /// A kept connection that seems usable, or null.
    std::unique_ptr<connection> take_kept(const std::string& origin);

    /// Closes kept connections as long as one more for a turn already taken would be too many.
    void make_room();

    /// Keeps an unused connection until it is taken, too old or in the way.
    void keep(const std::string& origin, std::unique_ptr<connection> unused);

private:
    struct kept_connection {
        std::string origin;
        std::unique_ptr<connection> unused;
    };
    using kept_list = std::list<kept_connection>;

    struct host_state {
        std::size_t turns = 0;
        std::map<std::uint64_t, waiter*> waiting; ///< by ticket
        std::vector<kept_list::iterator> kept;    ///< the longest unused first
    };

    void update_queue(const std::string& origin);
    void grant_next();
    void close_oldest();
    void forget_idle(const std::string& origin);
    void schedule_expiry();
    void expire();

    const pool_limits limits_;
    std::size_t turns_ = 0;
    std::uint64_t last_ticket_ = 0;
    std::map<std::string, host_state> hosts_;
    std::map<std::uint64_t, std::string> ready_; ///< origins that are short of total turns only,
                                                 ///< by the ticket of the first that waits there
    kept_list kept_;                             ///< of all origins, the longest unused first
    const std::shared_ptr<asio::steady_timer> expiry_;
    bool expiry_scheduled_ = false;
};

} // namespace cofutures::http::detail
