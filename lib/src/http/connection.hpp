// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// One TCP or TLS connection, as little more than "read some, write all, close".

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cofutures::http::detail {

namespace asio = boost::asio;

/// A context that trusts the system's certificates, and `ca_file` where it is not empty.
///
/// **Throws** `std::system_error` if that file cannot be used.
std::unique_ptr<asio::ssl::context> make_tls_context(const std::filesystem::path& ca_file,
                                                     bool verify);

/// A connection to one origin.
///
/// **Thread safety** None: it belongs to the client's strand.
/// **Cancellation** `close()` makes whatever is under way fail at once.
/// **Throws** The operations throw `std::system_error`.
class connection {
public:
    /// Makes an unconnected one; `open` counts those that exist.
    connection(asio::any_io_executor executor, std::atomic<std::size_t>& open)
        : open_(open), socket_(std::move(executor))
    {
        open_.fetch_add(1, std::memory_order_relaxed);
    }
    ~connection() { open_.fetch_sub(1, std::memory_order_relaxed); }

    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    /// Tries the addresses in turn until one answers.
    asio::awaitable<void> connect(std::vector<asio::ip::tcp::endpoint> addresses);

    /// Adds TLS: the server must prove, by its certificate, that it is `host`.
    asio::awaitable<void> handshake(asio::ssl::context& context, std::string host, bool verify);

    /// Writes all of `bytes`, which must stay alive.
    asio::awaitable<void> write(std::string_view bytes);

    /// Reads at least one byte; 0 means that the other side has ended the connection.
    asio::awaitable<std::size_t> read_some(asio::mutable_buffer buffer);

    void close() noexcept;

    /// Tells whether an unused connection seems to be still open: servers close them at will.
    bool looks_alive() noexcept;

    std::chrono::steady_clock::time_point unused_since{};

private:
    std::atomic<std::size_t>& open_; // a count for statistics, publishes nothing
    asio::ip::tcp::socket socket_;
    std::optional<asio::ssl::stream<asio::ip::tcp::socket&>> tls_;
};

} // namespace cofutures::http::detail
