// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "json_string.hpp"

#include <fmt/format.h>

#include <cstddef>

namespace downloader {

namespace {

unsigned char byte_at(std::string_view text, std::size_t i)
{
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
}

bool continues(std::string_view text, std::size_t i)
{
    return (byte_at(text, i) & 0xc0) == 0x80;
}

// The length of the UTF-8 character at `i`; 0 if there is none (RFC 3629, section 4).
std::size_t character_length(std::string_view text, std::size_t i)
{
    const unsigned char first = byte_at(text, i);
    const unsigned char second = byte_at(text, i + 1);
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xc2 && first <= 0xdf) {
        return continues(text, i + 1) ? 2 : 0;
    }
    if ((first & 0xf0) == 0xe0) {
        const bool overlong = first == 0xe0 && second < 0xa0;
        const bool surrogate = first == 0xed && second > 0x9f;
        const bool whole = continues(text, i + 1) && continues(text, i + 2);
        return whole && !overlong && !surrogate ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const bool overlong = first == 0xf0 && second < 0x90;
        const bool too_large = first == 0xf4 && second > 0x8f;
        const bool whole =
            continues(text, i + 1) && continues(text, i + 2) && continues(text, i + 3);
        return whole && !overlong && !too_large ? 4 : 0;
    }
    return 0;
}

} // namespace

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
        } else if (byte_at(text, i) < 0x20) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
            out += text.substr(i, length);
        }
        i += length == 0 ? 1 : length;
    }
    return out + '"';
}

} // namespace downloader
