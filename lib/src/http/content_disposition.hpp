// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The name that a server gives to a file, as far as it can be used.

#include <string>
#include <string_view>

namespace cofutures::http::detail {

/// Reads the file name out of a `Content-Disposition` field (RFC 6266); empty if there is none that
/// is safe.
///
/// `filename*` (RFC 8187) counts for more than `filename`, unless it cannot be read.
std::string file_name_of(std::string_view disposition);

/// Makes of a name that a stranger chose one for a file of a folder; empty if that is not possible.
///
/// Only what is behind the last separator, `/` or `\`, counts. It must be UTF-8 without control
/// characters and without those that change the direction of writing, and must not begin with a
/// dot, which would hide it. What is longer than 255 bytes is cut before its extension.
std::string safe_file_name(std::string_view name);

} // namespace cofutures::http::detail
