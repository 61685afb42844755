// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "tls_sessions.hpp"

#include <utility>

namespace cofutures::http::detail {

namespace {

int keeper_index()
{
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

// Called by OpenSSL: after the handshake of TLS 1.2, while reading in TLS 1.3. 1 means that the
// session is ours now.
int on_new_session(SSL* connection, SSL_SESSION* session)
{
    auto* const keeper =
        static_cast<tls_session_keeper*>(SSL_get_ex_data(connection, keeper_index()));
    if (keeper == nullptr || SSL_SESSION_is_resumable(session) != 1) {
        return 0;
    }
    tls_session_ptr owned(session);
    try {
        keeper->sessions->store(keeper->origin, std::move(owned));
    } catch (const std::bad_alloc&) {
        // Only a saving is lost; C code must not be unwound.
    }
    return 1;
}

} // namespace

void tls_sessions::store(const std::string& origin, tls_session_ptr session)
{
    order_.push_back(origin);
    by_origin_[origin].push_back(std::move(session));
    if (order_.size() > capacity) {
        const auto oldest = by_origin_.find(order_.front());
        order_.pop_front();
        if (oldest != by_origin_.end()) {
            oldest->second.pop_front();
            if (oldest->second.empty()) {
                by_origin_.erase(oldest);
            }
        }
    }
}

tls_session_ptr tls_sessions::take(const std::string& origin)
{
    const auto found = by_origin_.find(origin);
    if (found == by_origin_.end()) {
        return nullptr;
    }
    tls_session_ptr session = std::move(found->second.back());
    found->second.pop_back();
    if (found->second.empty()) {
        by_origin_.erase(found);
    }
    return session;
}

void tls_session_keeper::attach(SSL& connection)
{
    SSL_set_ex_data(&connection, keeper_index(), this);
    if (const tls_session_ptr session = sessions->take(origin)) {
        SSL_set_session(&connection, session.get()); // takes a reference of its own
    }
}

bool tls_session_keeper::resumed(SSL& connection) const
{
    if (SSL_session_reused(&connection) != 1) {
        return false;
    }
    // Before TLS 1.3 a session is good for many connections, and the server sends no new one.
    if (SSL_version(&connection) < TLS1_3_VERSION) {
        sessions->store(origin, tls_session_ptr(SSL_get1_session(&connection)));
    }
    return true;
}

void tls_session_keeper::install(SSL_CTX& context)
{
    SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(&context, on_new_session);
}

} // namespace cofutures::http::detail
