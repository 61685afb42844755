// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "connection.hpp"

#include <cofutures/http/error.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <openssl/ssl.h>

#include <utility>

namespace cofutures::http::detail {

namespace {

using asio::ip::tcp;
using boost::system::error_code;

[[noreturn]] void raise(const error_code& ec)
{
    if (ec.category() == asio::error::get_ssl_category()) {
        throw std::system_error(make_error_code(errc::tls_failed), ec.message());
    }
    throw std::system_error(ec);
}

} // namespace

connection::~connection()
{
    if (tls_) {
        // Without this, OpenSSL takes the end for an attack and makes the session useless, although
        // whether a message was cut off is decided by the framing of HTTP.
        SSL_set_shutdown(tls_->native_handle(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }
    open_.fetch_sub(1, std::memory_order_relaxed);
}

asio::awaitable<void> connection::connect(std::vector<endpoint> addresses)
{
    race_ = std::make_shared<address_race>(socket_.get_executor(), interleaved(addresses));
    socket_ = co_await race_->run();
    race_.reset();
    // Requests are written whole; waiting to merge them with others only delays them.
    error_code ignored; // it is no option of Unix sockets
    socket_.set_option(tcp::no_delay(true), ignored);
}

asio::awaitable<bool>
connection::handshake(tls_context& context, std::string host, std::string origin)
{
    tls_.emplace(socket_, context.native());
    SSL* const session = tls_->native_handle();
    context.prepare(*session, host);
    session_keeper_ = {&context.sessions(), std::move(origin)};
    session_keeper_.attach(*session);
    error_code ec;
    co_await tls_->async_handshake(asio::ssl::stream_base::client,
                                   asio::redirect_error(asio::use_awaitable, ec));
    if (!ec) {
        co_return session_keeper_.resumed(*session);
    }
    if (ec.category() == asio::error::get_ssl_category()) {
        throw std::system_error(make_error_code(errc::tls_failed),
                                why_refused(*session, ec.message(), host));
    }
    if (ec == asio::error::eof || ec == asio::ssl::error::stream_truncated) {
        throw std::system_error(make_error_code(errc::tls_failed),
                                "connection closed in the handshake");
    }
    raise(ec);
}

asio::awaitable<void> connection::write(std::string_view bytes)
{
    error_code ec;
    const asio::const_buffer buffer(bytes.data(), bytes.size());
    if (tls_) {
        co_await asio::async_write(*tls_, buffer, asio::redirect_error(asio::use_awaitable, ec));
    } else {
        co_await asio::async_write(socket_, buffer, asio::redirect_error(asio::use_awaitable, ec));
    }
    if (ec) {
        raise(ec);
    }
}

asio::awaitable<std::size_t> connection::write_some(std::string_view bytes)
{
    error_code ec;
    std::size_t size = 0;
    const asio::const_buffer buffer(bytes.data(), bytes.size());
    if (tls_) {
        size =
            co_await tls_->async_write_some(buffer, asio::redirect_error(asio::use_awaitable, ec));
    } else {
        size = co_await socket_.async_write_some(buffer,
                                                 asio::redirect_error(asio::use_awaitable, ec));
    }
    if (ec) {
        raise(ec);
    }
    co_return size;
}

asio::awaitable<std::size_t> connection::read_some(asio::mutable_buffer buffer)
{
    error_code ec;
    std::size_t size = 0;
    if (tls_) {
        size =
            co_await tls_->async_read_some(buffer, asio::redirect_error(asio::use_awaitable, ec));
    } else {
        size =
            co_await socket_.async_read_some(buffer, asio::redirect_error(asio::use_awaitable, ec));
    }
    // An end without TLS's own goodbye is common. Whether it cuts something off is for the framing
    // of HTTP to say.
    cut_off_ = ec == asio::ssl::error::stream_truncated;
    if (ec && ec != asio::error::eof && !cut_off_) {
        raise(ec);
    }
    co_return size;
}

void connection::close() noexcept
{
    if (race_) {
        race_->stop();
    }
    error_code ignored;
    socket_.close(ignored);
}

bool connection::looks_alive() noexcept
{
    // Read through TLS where there is TLS: its servers send session tickets when they like, which
    // are no data, and only TLS can tell.
    char byte = 0;
    error_code ec;
    socket_.non_blocking(true, ec); // of no consequence to asynchronous operations
    if (tls_) {
        tls_->read_some(asio::buffer(&byte, 1), ec);
    } else {
        socket_.read_some(asio::buffer(&byte, 1), ec);
    }
    return ec == asio::error::would_block;
}

} // namespace cofutures::http::detail
