// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The addresses of hosts, remembered for a while.

#include "strand_event.hpp"

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace cofutures::http::detail {

/// A look-up, under way or done.
///
/// It may outlive everybody who asked: a running getaddrinfo() cannot be cancelled.
struct name_lookup {
    bool done = false;
    boost::system::error_code ec;
    std::vector<asio::ip::address> addresses;
    std::chrono::steady_clock::time_point expires{};
    std::vector<std::weak_ptr<strand_event>> waiting; ///< triggered when it is done
};

/// Looks names up, each once for all who ask at the same time or soon after.
///
/// **Thread safety** None: it belongs to the client's strand.
class name_cache {
public:
    using clock = std::chrono::steady_clock;
    using callback =
        std::function<void(const boost::system::error_code&, std::vector<asio::ip::address>)>;
    using resolver = std::function<void(const std::string& host, callback)>;

    /// Asks the system's resolver.
    name_cache(const asio::any_io_executor& strand, clock::duration lifetime);

    /// Asks `ask`, which must call the answer later, on the strand.
    name_cache(resolver ask, clock::duration lifetime);

    /// The look-up of a name, begun if there is none; failures are not remembered.
    std::shared_ptr<name_lookup> find(const std::string& host, clock::time_point now);

    /// Makes the next `find()` ask again, because the addresses were of no use.
    void forget(const std::string& host);

    std::size_t size() const noexcept { return known_.size(); }

    /// More names than this are not remembered.
    static constexpr std::size_t max_size = 1000;

private:
    const resolver ask_;
    const clock::duration lifetime_;
    std::map<std::string, std::shared_ptr<name_lookup>> known_;
};

} // namespace cofutures::http::detail
