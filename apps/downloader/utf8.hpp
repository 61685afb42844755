// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Characters in texts that may or may not be UTF-8, as file names are.

#include <cstddef>
#include <string_view>

namespace downloader {

/// The length of the character at `i`, from 1 to 4; 0 if the bytes there are none.
std::size_t character_length(std::string_view text, std::size_t i);

} // namespace downloader
