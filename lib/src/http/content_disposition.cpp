// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "content_disposition.hpp"

#include "token.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace cofutures::http::detail {

namespace {

constexpr std::size_t longest_name = 255; // bytes, on every usual file system
constexpr std::size_t longest_extension = 32;

bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

struct parameter {
    std::string_view name;
    std::string value;
};

// Takes parameters off the front of a field, one by one.
class parameter_reader {
public:
    explicit parameter_reader(std::string_view field) : rest_(field) {}

    // Nothing at the end, and where the rest cannot be understood.
    std::optional<parameter> next()
    {
        for (;;) {
            rest_ = trimmed(rest_);
            if (rest_.empty()) {
                return std::nullopt;
            }
            const std::size_t end = rest_.find_first_of("=;\"");
            if (end == std::string_view::npos || rest_[end] == '"') {
                return std::nullopt;
            }
            const std::string_view name = trimmed(rest_.substr(0, end));
            const bool has_value = rest_[end] == '=';
            rest_.remove_prefix(end + 1);
            if (!has_value) {
                continue; // the type, "attachment", or nothing between two semicolons
            }
            std::optional<std::string> value = take_value();
            if (!value) {
                return std::nullopt;
            }
            return parameter{name, std::move(*value)};
        }
    }

private:
    std::optional<std::string> take_value()
    {
        rest_ = trimmed(rest_);
        if (rest_.starts_with('"')) {
            rest_.remove_prefix(1);
            return take_quoted();
        }
        // Spaces should not be here, and are what many servers send.
        const std::size_t end = std::min(rest_.find(';'), rest_.size());
        std::string value(trimmed(rest_.substr(0, end)));
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        return value;
    }

    std::optional<std::string> take_quoted()
    {
        std::string value;
        for (std::size_t i = 0; i < rest_.size(); ++i) {
            if (rest_[i] == '"') {
                rest_.remove_prefix(i + 1);
                const std::size_t end = std::min(rest_.find(';'), rest_.size());
                rest_.remove_prefix(std::min(end + 1, rest_.size()));
                return value;
            }
            if (rest_[i] == '\\' && ++i == rest_.size()) {
                break;
            }
            value += rest_[i];
        }
        return std::nullopt; // no end: whatever it was, part of it may be missing
    }

    std::string_view rest_;
};

int hex_digit(char c)
{
    const char lower = ascii_lower(c);
    return c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::optional<std::string> percent_decoded(std::string_view text)
{
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            bytes += text[i];
            continue;
        }
        const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
        const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
        if (low < 0) {
            return std::nullopt;
        }
        bytes += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return bytes;
}

std::string utf8_of_latin1(std::string_view text)
{
    std::string utf8;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            utf8 += c;
        } else {
            utf8 += static_cast<char>(0xc0 | (byte >> 6));
            utf8 += static_cast<char>(0x80 | (byte & 0x3f));
        }
    }
    return utf8;
}

// CHARSET'LANGUAGE'TEXT, the text with escapes; nothing if it is not that.
std::optional<std::string> extended_value(std::string_view text)
{
    const std::size_t first = text.find('\'');
    const std::size_t second = first == std::string_view::npos ? first : text.find('\'', first + 1);
    if (second == std::string_view::npos) {
        return std::nullopt;
    }
    std::optional<std::string> bytes = percent_decoded(text.substr(second + 1));
    const std::string_view charset = text.substr(0, first);
    if (bytes && equal_ignoring_case(charset, "iso-8859-1")) {
        return utf8_of_latin1(*bytes);
    }
    return equal_ignoring_case(charset, "utf-8") ? bytes : std::nullopt;
}

struct character {
    std::uint32_t code;
    std::size_t size; // in bytes
};

// The first character of a text that is not empty; nothing if it does not begin with one (RFC 3629).
std::optional<character> first_character(std::string_view text)
{
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t size = lead < 0x80             ? 1
                             : (lead & 0xe0) == 0xc0 ? 2
                             : (lead & 0xf0) == 0xe0 ? 3
                             : (lead & 0xf8) == 0xf0 ? 4
                                                     : 0;
    if (size == 0 || size > text.size()) {
        return std::nullopt;
    }
    constexpr std::uint32_t masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    std::uint32_t code = lead & masks[size];
    for (const char c : text.substr(1, size - 1)) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte & 0xc0) != 0x80) {
            return std::nullopt;
        }
        code = (code << 6) | (byte & 0x3f);
    }
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    if (code < least[size] || code > 0x10ffff || surrogate) {
        return std::nullopt;
    }
    return character{code, size};
}

// Commands to a terminal, and what makes a name look like another one: "gpj.exe" as "exe.jpg".
bool misleads(std::uint32_t code)
{
    const bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    const bool line_end = code == 0x2028 || code == 0x2029;
    const bool direction = code == 0x061c || code == 0x200e || code == 0x200f ||
                           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
    return control || line_end || direction;
}

bool is_clean(std::string_view name)
{
    while (!name.empty()) {
        const auto next = first_character(name);
        if (!next || misleads(next->code)) {
            return false;
        }
        name.remove_prefix(next->size);
    }
    return true;
}

// Not within a character.
std::string_view prefix(std::string_view text, std::size_t size)
{
    while (size < text.size() && size > 0 &&
           (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) {
        --size;
    }
    return text.substr(0, size);
}

} // namespace

std::string safe_file_name(std::string_view name)
{
    const std::size_t separator = name.find_last_of("/\\");
    name = trimmed(separator == std::string_view::npos ? name : name.substr(separator + 1));
    if (name.empty() || name.front() == '.' || !is_clean(name)) {
        return {};
    }
    if (name.size() <= longest_name) {
        return std::string(name);
    }
    const std::size_t dot = name.rfind('.');
    std::string_view extension;
    if (dot != std::string_view::npos && name.size() - dot <= longest_extension) {
        extension = name.substr(dot);
    }
    std::string cut(trimmed(prefix(name, longest_name - extension.size())));
    return cut.append(extension);
}

std::string file_name_of(std::string_view disposition)
{
    std::string plain;
    std::string extended;
    parameter_reader parameters(disposition);
    while (const std::optional<parameter> each = parameters.next()) {
        if (extended.empty() && equal_ignoring_case(each->name, "filename*")) {
            extended = safe_file_name(extended_value(each->value).value_or(""));
        } else if (plain.empty() && equal_ignoring_case(each->name, "filename")) {
            plain = safe_file_name(each->value);
        }
    }
    return extended.empty() ? plain : extended;
}

} // namespace cofutures::http::detail
