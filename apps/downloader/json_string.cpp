// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "json_string.hpp"

#include "utf8.hpp"

#include <fmt/format.h>

#include <cstddef>

namespace downloader {

std::string json_string(std::string_view text)
{
    std::string out = "\"";
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = character_length(text, i);
        const char c = text[i];
        if (length == 0) {
            out += "\xef\xbf\xbd";
        } else if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
            out += text.substr(i, length);
        }
        i += length == 0 ? 1 : length;
    }
    return out + '"';
}

} // namespace downloader
