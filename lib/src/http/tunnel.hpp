// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What is said to a proxy before a connection through it can be used.

#include <cofutures/http/message.hpp>
#include <cofutures/http/proxy.hpp>

#include "connection.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace cofutures::http::detail {

/// Asks the proxy at the other end of `through` for a connection to a host, by its name. An HTTP proxy
/// gets the `usual` fields, too.
///
/// **Throws** `std::system_error` with `errc::proxy_failed` if the proxy could not reach the host,
///   `errc::proxy_refused` if it would not, or is none.
/// **See** RFC 9110 section 9.3.6, RFC 1928, RFC 1929.
asio::awaitable<void> open_tunnel(connection& through,
                                  const proxy& by,
                                  std::string host,
                                  std::uint16_t port,
                                  const headers& usual);

/// The value of `Proxy-Authorization`; empty if the proxy wants none.
std::string proxy_authorization(const proxy& by);

} // namespace cofutures::http::detail
