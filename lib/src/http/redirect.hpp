// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The rules of redirects, without any I/O.

#include <cofutures/http/message.hpp>

namespace cofutures::http::detail {

/// Tells whether the answer asks to look elsewhere: 301, 302, 303, 307 or 308 with a Location.
///
/// 300 and 304 are answers, not instructions.
bool is_redirect(const response_head& head) noexcept;

/// Makes the request that a redirect asks for out of the one it answers.
///
/// 301 and 302 turn POST into GET, as every client does; 303 turns everything but HEAD into GET;
/// 307 and 308 repeat the request with its body. Credentials (`Authorization`, `Cookie`,
/// `Proxy-Authorization`) and `Host` are dropped when the origin changes.
///
/// **Throws** `request_error` with `errc::bad_redirect` if the Location is not a usable URL and
///   `errc::insecure_redirect` if it leads from https to http,
///   unless that is allowed.
/// **See** RFC 9110 section 15.4.
request follow_redirect(request previous, const response_head& head, bool insecure_allowed = false);

} // namespace cofutures::http::detail
