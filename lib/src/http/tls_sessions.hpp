// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// TLS sessions that servers offered to resume, which saves half of the next handshake.

#include <openssl/ssl.h>

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>

namespace cofutures::http::detail {

struct tls_session_free {
    void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
};
using tls_session_ptr = std::unique_ptr<SSL_SESSION, tls_session_free>;

/// The sessions of one client, by origin.
///
/// Each is given out once: a ticket of TLS 1.3 that is used twice lets an observer tie two
/// connections together, and servers send a new one over every connection.
///
/// **Thread safety** None: it belongs to the client's strand.
class tls_sessions {
public:
    /// The most sessions remembered, of all origins: the oldest go first.
    static constexpr std::size_t capacity = 256;

    void store(const std::string& origin, tls_session_ptr session);

    /// A session to resume with this origin, or null.
    tls_session_ptr take(const std::string& origin);

private:
    // By origin, the newest last; `order_` holds the origins in the order in which they came, some
    // of which may have been taken since.
    std::map<std::string, std::deque<tls_session_ptr>> by_origin_;
    std::deque<std::string> order_;
};

/// Ties one connection to the sessions of its client: offers one and stores what the server sends.
///
/// **Lifetime** Stays where it is, as long as the connection it is attached to.
struct tls_session_keeper {
    tls_sessions* sessions = nullptr;
    std::string origin = {};

    /// Before the handshake.
    void attach(SSL& connection);

    /// After it; true if it resumed an earlier session.
    bool resumed(SSL& connection) const;

    /// Lets connections made from `context` find their keepers.
    static void install(SSL_CTX& context);
};

} // namespace cofutures::http::detail
