// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The TLS settings of one client: whom it trusts, what it shows, what it can resume.

#include <cofutures/http/client.hpp>

#include "tls_sessions.hpp"

#include <boost/asio/ssl/context.hpp>

#include <string>

namespace cofutures::http::detail {

namespace asio = boost::asio;

/// An OpenSSL context for TLS 1.2 and later with ALPN `http/1.1`, and its sessions.
///
/// **Throws** `std::system_error` with `errc::tls_failed`, naming the file that cannot be used.
class tls_context {
public:
    explicit tls_context(const tls_options& options);

    asio::ssl::context& native() noexcept { return native_; }
    tls_sessions& sessions() noexcept { return sessions_; }

    /// Before a handshake: whom to ask for, and whose certificate to insist on.
    void prepare(SSL& connection, const std::string& host) const;

private:
    void trust(const tls_options& options);
    void identify(const tls_options& options);

    asio::ssl::context native_;
    tls_sessions sessions_;
    bool verify_;
};

/// Says why a handshake failed, in words about the certificate where that was the reason.
std::string why_refused(SSL& connection, const std::string& message, const std::string& host);

} // namespace cofutures::http::detail
