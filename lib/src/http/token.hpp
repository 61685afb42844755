// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The small words of HTTP: tokens, values, and comparing them.

#include <algorithm>
#include <string_view>

namespace cofutures::http::detail {

/// Locale-free, unlike std::tolower.
inline char ascii_lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

inline bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept
{
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
               return ascii_lower(x) == ascii_lower(y);
           });
}

/// Tells whether `text` is a token of RFC 9110 section 5.6.2: a method or a header name.
inline bool is_token(std::string_view text) noexcept
{
    constexpr std::string_view special = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [special](char c) {
        const char lower = ascii_lower(c);
        return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
               special.find(c) != std::string_view::npos;
    });
}

/// Tells whether `text` can be the value of a field: no line ends, nor other control characters but
/// the tab. Every other byte that servers see may stand there.
inline bool is_field_value(std::string_view text) noexcept
{
    return std::none_of(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
    });
}

/// Tells whether a comma-separated list such as `Connection` names `word`.
inline bool list_contains(std::string_view list, std::string_view word) noexcept
{
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        std::string_view item = list.substr(0, comma);
        while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) {
            item.remove_prefix(1);
        }
        while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) {
            item.remove_suffix(1);
        }
        if (equal_ignoring_case(item, word)) {
            return true;
        }
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return false;
}

} // namespace cofutures::http::detail
