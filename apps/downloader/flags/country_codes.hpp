// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The country codes (ISO 3166-1 alpha-2) that the flag downloader knows.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace downloader {

/// The 20 most populous countries, in alphabetical order.
std::span<const std::string_view> populous_codes();

/// The 193 members of the United Nations and the Holy See, in alphabetical order.
std::span<const std::string_view> known_codes();

/// All 676 pairs of letters, AA to ZZ: most of them belong to nobody.
std::vector<std::string> every_code();

} // namespace downloader
