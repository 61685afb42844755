// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Text as JSON wants it.

#include <string>
#include <string_view>

namespace downloader {

/// The text with quotation marks around it, and escapes where JSON needs them.
///
/// Bytes that are not UTF-8, as file names and servers may well have, become U+FFFD: JSON has no
/// way to say them, and one of them would make the whole document unreadable.
std::string json_string(std::string_view text);

} // namespace downloader
