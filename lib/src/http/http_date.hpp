// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Dates as they stand in header fields.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace cofutures::http::detail {

/// Reads a date in any of the three forms of RFC 9110 section 5.6.7; nothing if it is none.
///
/// The name of the day is not checked against the date: it says nothing new. Two-digit years are
/// those within fifty years of `now`.
std::optional<std::chrono::sys_seconds>
parse_http_date(std::string_view text,
                std::chrono::system_clock::time_point now = std::chrono::system_clock::now());

/// Writes a date in the form that is to be sent: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string format_http_date(std::chrono::sys_seconds time);

} // namespace cofutures::http::detail
