// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "utf8.hpp"

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

} // namespace

// RFC 3629, section 4.
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

} // namespace downloader
