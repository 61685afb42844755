// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "connection.hpp"

#include <cofutures/http/error.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <utility>

#include <sys/socket.h>

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

std::unique_ptr<asio::ssl::context> make_tls_context(const std::filesystem::path& ca_file,
                                                     bool verify)
{
    auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    context->set_verify_mode(verify ? asio::ssl::verify_peer : asio::ssl::verify_none);
    error_code ec;
    context->set_default_verify_paths(ec);
    if (!ec && !ca_file.empty()) {
        context->load_verify_file(ca_file.string(), ec);
    }
    if (ec) {
        throw std::system_error(make_error_code(errc::tls_failed),
                                "cannot load '" + ca_file.string() + "': " + ec.message());
    }
    return context;
}

asio::awaitable<void> connection::connect(std::vector<tcp::endpoint> addresses)
{
    error_code ec = asio::error::host_not_found;
    for (const tcp::endpoint& address : addresses) {
        error_code ignored;
        socket_.close(ignored);
        co_await socket_.async_connect(address, asio::redirect_error(asio::use_awaitable, ec));
        if (!ec) {
            // Requests are written whole; waiting to merge them with others only delays them.
            socket_.set_option(tcp::no_delay(true), ignored);
            co_return;
        }
        if (ec == asio::error::operation_aborted) {
            break;
        }
    }
    raise(ec);
}

asio::awaitable<void>
connection::handshake(asio::ssl::context& context, std::string host, bool verify)
{
    tls_.emplace(socket_, context);
    // SNI carries names only; RFC 6066 forbids addresses there.
    error_code ec;
    asio::ip::make_address(host, ec);
    // (SSL_set_tlsext_host_name, spelled out: the macro hides an old-style cast.)
    if (ec && SSL_ctrl(tls_->native_handle(),
                       SSL_CTRL_SET_TLSEXT_HOSTNAME,
                       TLSEXT_NAMETYPE_host_name,
                       host.data()) != 1) {
        throw std::system_error(make_error_code(errc::tls_failed), "cannot name the server");
    }
    if (verify) {
        tls_->set_verify_callback(asio::ssl::host_name_verification(host));
    }
    co_await tls_->async_handshake(asio::ssl::stream_base::client,
                                   asio::redirect_error(asio::use_awaitable, ec));
    if (!ec) {
        co_return;
    }
    if (ec.category() == asio::error::get_ssl_category()) {
        const long verdict = SSL_get_verify_result(tls_->native_handle());
        std::string detail = ec.message();
        // A good chain that the check of the name refused leaves no more specific verdict than
        // this.
        const bool name_refused = verdict == X509_V_OK || verdict == X509_V_ERR_UNSPECIFIED;
        if (!name_refused) {
            detail = X509_verify_cert_error_string(verdict);
        } else if (ERR_GET_REASON(static_cast<unsigned long>(ec.value())) ==
                   SSL_R_CERTIFICATE_VERIFY_FAILED) {
            detail = "the certificate is not for '" + host + "'";
        }
        throw std::system_error(make_error_code(errc::tls_failed), detail);
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
    // of HTTP to say; the caller treats both ends alike, and a body that runs to the end as cut
    // off.
    if (ec == asio::ssl::error::stream_truncated) {
        throw std::system_error(make_error_code(errc::body_truncated));
    }
    if (ec && ec != asio::error::eof) {
        raise(ec);
    }
    co_return size;
}

void connection::close() noexcept
{
    error_code ignored;
    socket_.close(ignored);
}

bool connection::looks_alive() noexcept
{
    char byte = 0;
    const ssize_t size = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (size < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK;
    }
    // TLS 1.3 servers send session tickets when they like; in plain HTTP any byte is out of turn.
    return size > 0 && tls_.has_value();
}

} // namespace cofutures::http::detail
