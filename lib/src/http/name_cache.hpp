// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The addresses of hosts, remembered for a while.

#include "strand_event.hpp"

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace cofutures::http::detail {

/// A look-up, queued, under way or done.
///
/// It may outlive everybody who asked: a running getaddrinfo() cannot be cancelled.
struct name_lookup {
    std::string host;
    bool done = false;
    boost::system::error_code ec;
    std::vector<asio::ip::address> addresses;
    std::chrono::steady_clock::time_point expires{};
    std::vector<std::weak_ptr<strand_event>> waiting; ///< triggered when it is done
};

/// Looks names up, each once for all who ask at the same time or soon after, and so many at a time.
///
/// A name server that does not answer holds up one look-up, not those beside it.
///
/// **Thread safety** None: it belongs to the client's strand.
class name_cache {
public:
    using clock = std::chrono::steady_clock;
    using callback =
        std::function<void(const boost::system::error_code&, std::vector<asio::ip::address>)>;
    using resolver = std::function<void(const std::string& host, callback)>;

    /// Asks `ask`, which must call the answer later, on the strand, and before this ends.
    name_cache(resolver ask, clock::duration lifetime);

    /// The look-up of a name, begun or queued if there is none; failures are not remembered.
    std::shared_ptr<name_lookup> find(const std::string& host, clock::time_point now);

    /// Makes the next `find()` ask again, because the addresses were of no use.
    void forget(const std::string& host);

    /// Tells that `who` does not wait any more. A look-up that waits in the queue for nobody leaves it.
    void give_up(const std::shared_ptr<name_lookup>& search, const strand_event& who);

    std::size_t size() const noexcept { return known_.size(); }

    /// How many are under way.
    std::size_t running() const noexcept { return running_; }

    /// Called when none is under way any more.
    std::function<void()> on_idle = [] {};

    /// More look-ups than this are never under way.
    static constexpr std::size_t max_running = 4;

    /// More names than this are not remembered.
    static constexpr std::size_t max_size = 1000;

private:
    void start(const std::shared_ptr<name_lookup>& search);
    void start_queued();

    const resolver ask_;
    const clock::duration lifetime_;
    std::map<std::string, std::shared_ptr<name_lookup>> known_;
    std::deque<std::shared_ptr<name_lookup>> queue_;
    std::size_t running_ = 0;
};

} // namespace cofutures::http::detail
