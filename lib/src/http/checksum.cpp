// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/http/file_options.hpp>

#include "token.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace cofutures::http {

namespace {

struct known_algorithm {
    checksum::algorithm kind;
    std::string_view name;
    std::string_view long_name;
    std::size_t digits;
};

constexpr std::array<known_algorithm, 4> known = {{
    {checksum::algorithm::md5, "md5", "md-5", 32},
    {checksum::algorithm::sha1, "sha1", "sha-1", 40},
    {checksum::algorithm::sha256, "sha256", "sha-256", 64},
    {checksum::algorithm::sha512, "sha512", "sha-512", 128},
}};

constexpr std::string_view hexadecimal = "0123456789abcdefABCDEF";

// The name of the algorithm, where there is one, and the digits.
std::pair<std::string_view, std::string_view> parts(std::string_view text)
{
    const std::size_t separator = text.find_first_of(":=");
    if (separator == std::string_view::npos) {
        return {{}, text};
    }
    return {text.substr(0, separator), text.substr(separator + 1)};
}

// What stands in one line of a list: digits and a name, in whichever order.
std::optional<checksum> read_line(std::string_view line, std::string_view wanted)
{
    const auto read = [](std::string_view text) -> std::optional<checksum> {
        try {
            return checksum(text);
        } catch (const std::invalid_argument&) {
            return std::nullopt; // a comment, or another algorithm
        }
    };
    // First, because the name behind the digits may look like the other form. No algorithm's name
    // consists of hexadecimal digits.
    const std::size_t end = line.find_first_not_of(hexadecimal);
    if (end != 0 && end != std::string_view::npos && line.size() >= end + 2 && line[end] == ' ' &&
        (line[end + 1] == ' ' || line[end + 1] == '*')) {
        return line.substr(end + 2) == wanted ? read(line.substr(0, end)) : std::nullopt;
    }
    const std::size_t tag_end = line.find(" (");
    const std::size_t name_end = line.rfind(") = ");
    if (tag_end == std::string_view::npos || name_end == std::string_view::npos ||
        tag_end > name_end || line.substr(tag_end + 2, name_end - tag_end - 2) != wanted) {
        return std::nullopt;
    }
    return read(std::string(line.substr(0, tag_end)) + "=" +
                std::string(line.substr(name_end + 4)));
}

} // namespace

checksum::checksum(std::string_view text)
{
    const auto [name, digits] = parts(text);
    const bool hex = digits.find_first_not_of(hexadecimal) == std::string_view::npos;
    for (const known_algorithm& each : known) {
        const bool named = name.empty() || detail::equal_ignoring_case(name, each.name) ||
                           detail::equal_ignoring_case(name, each.long_name);
        if (hex && named && digits.size() == each.digits) {
            kind_ = each.kind;
            digits_.resize(digits.size());
            std::transform(digits.begin(), digits.end(), digits_.begin(), detail::ascii_lower);
            return;
        }
    }
    throw std::invalid_argument("not a checksum: '" + std::string(text) +
                                "'; expected md5, sha1, sha256 or sha512, a colon and 32, 40, 64 "
                                "or 128 hexadecimal digits");
}

std::string_view checksum::name() const noexcept
{
    return known[static_cast<std::size_t>(kind_)].name;
}

std::optional<checksum> find_checksum(std::string_view list, std::string_view name)
{
    while (!list.empty()) {
        const std::size_t end = std::min(list.find('\n'), list.size());
        std::string_view line = list.substr(0, end);
        list.remove_prefix(std::min(end + 1, list.size()));
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        if (const auto found = read_line(line, name)) {
            return found;
        }
    }
    return std::nullopt;
}

} // namespace cofutures::http
