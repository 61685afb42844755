// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Servers that requests go through. Floor 6.

#include <cofutures/http/url.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cofutures::http {

/// A server that reaches others on the client's behalf.
///
/// It is given the names of hosts, never their addresses. Its own name and password go to it alone.
class proxy {
public:
    /// An HTTP proxy is asked for http URLs directly, and for a tunnel (`CONNECT`) to https servers.
    enum class protocol { http, socks5 };

    /// Reads "http://HOST:PORT" or "socks5://HOST:PORT", with "USER:PASSWORD@" before the host where
    /// the proxy wants them, percent-encoded.
    ///
    /// Without a scheme it is an HTTP proxy; without a port it is 80, or 1080 for SOCKS. "socks5h" is
    /// another name for "socks5": names are always looked up by the proxy.
    ///
    /// **Throws** `std::invalid_argument` that says what is wrong, without the password.
    explicit proxy(std::string_view text);

    protocol kind() const noexcept { return kind_; }
    const std::string& host() const noexcept { return host_; }
    std::uint16_t port() const noexcept { return port_; }

    /// Empty: none.
    const std::string& user() const noexcept { return user_; }
    const std::string& password() const noexcept { return password_; }

    /// As text, without name and password.
    std::string str() const;

    friend bool operator==(const proxy&, const proxy&) = default;

private:
    protocol kind_ = protocol::http;
    std::string host_;
    std::uint16_t port_ = 0;
    std::string user_;
    std::string password_;
};

/// Which URLs go through which proxy.
struct proxy_options {
    /// For http URLs; none: directly.
    std::optional<proxy> http = std::nullopt;

    /// For https URLs; none: directly.
    std::optional<proxy> https = std::nullopt;

    /// Hosts that are reached directly: names, which include all names below them, addresses, and
    /// networks as "10.0.0.0/8", each with ":PORT" if it is for that port only; "*" is all of them.
    std::vector<std::string> direct = {};

    /// The proxy for a URL; null if it is reached directly.
    ///
    /// **Lifetime** Belongs to this.
    const proxy* choose(const url& address) const;
};

/// Reads `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` from the environment, each also in
/// capitals, except `HTTP_PROXY`: in a CGI program that is a header which anybody can send.
///
/// Nothing else in the library looks at these variables.
///
/// **Thread safety** As `std::getenv`: nothing may change the environment meanwhile.
/// **Throws** `std::invalid_argument` that names a variable which is no proxy.
proxy_options proxies_from_environment();

} // namespace cofutures::http
