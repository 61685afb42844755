// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// One connection, over TCP or a Unix socket, with or without TLS, as little more than "read some, write all, close".

#include "address_race.hpp"
#include "tls_context.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cofutures::http::detail {

namespace asio = boost::asio;

/// A connection to one origin.
///
/// **Thread safety** None: it belongs to the client's strand.
/// **Cancellation** `close()` makes whatever is under way fail at once.
/// **Throws** The operations throw `std::system_error`.
class connection {
public:
    /// Of TCP or of a Unix socket.
    using endpoint = asio::generic::stream_protocol::endpoint;

    /// Makes an unconnected one; `open` counts those that exist.
    connection(const asio::any_io_executor& executor, std::atomic<std::size_t>& open)
        : open_(open), socket_(executor)
    {
        open_.fetch_add(1, std::memory_order_relaxed);
    }
    ~connection();

    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    /// Connects to the address that answers first, as `address_race` tries them.
    asio::awaitable<void> connect(std::vector<endpoint> addresses);

    /// Adds TLS: the server must prove, by its certificate, that it is `host`.
    ///
    /// Sessions are remembered by `origin`; true if one was resumed.
    asio::awaitable<bool> handshake(tls_context& context, std::string host, std::string origin);

    /// Writes all of `bytes`, which must stay alive.
    asio::awaitable<void> write(std::string_view bytes);

    /// Writes at least one byte, and tells how many. May go on beside a read.
    asio::awaitable<std::size_t> write_some(std::string_view bytes);

    /// Reads at least one byte; 0 means that the other side has ended the connection.
    asio::awaitable<std::size_t> read_some(asio::mutable_buffer buffer);

    /// Tells whether an end that `read_some()` has met can be believed: over TLS, anybody on the
    /// way can cut a connection, and only the server can say goodbye.
    bool ended_orderly() const noexcept { return !cut_off_; }

    void close() noexcept;

    /// Tells whether an unused connection can take a request: nothing has come and it has not ended.
    ///
    /// Servers close unused connections at will. A byte that comes on one answers nothing that was
    /// asked, and would be taken for the beginning of the next answer. It may be used up: a
    /// connection of which this is false must be closed.
    bool looks_alive() noexcept;

    std::chrono::steady_clock::time_point unused_since{};

private:
    std::atomic<std::size_t>& open_; // a count for statistics, publishes nothing
    asio::generic::stream_protocol::socket socket_;
    std::shared_ptr<address_race> race_; ///< while it connects
    bool cut_off_ = false;
    tls_session_keeper session_keeper_; ///< used by `tls_`, hence before it
    std::optional<asio::ssl::stream<asio::generic::stream_protocol::socket&>> tls_;
};

} // namespace cofutures::http::detail
