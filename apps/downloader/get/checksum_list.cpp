// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "get/checksum_list.hpp"

#include <algorithm>

namespace downloader {

namespace {

// What may be the name in "HEX  NAME", "HEX *NAME" or "TAG (NAME) = HEX".
std::string_view possible_name(std::string_view line)
{
    const std::size_t opening = line.find(" (");
    const std::size_t closing = line.rfind(") = ");
    if (opening != std::string_view::npos && closing != std::string_view::npos &&
        opening < closing) {
        return line.substr(opening + 2, closing - opening - 2);
    }
    const std::size_t blank = line.find(' ');
    return line.size() - std::min(blank, line.size()) > 2 ? line.substr(blank + 2)
                                                          : std::string_view();
}

} // namespace

checksum_list::checksum_list(std::string_view text)
{
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        add(line);
    }
}

void checksum_list::add(std::string_view line)
{
    std::string_view name = possible_name(line);
    if (name.empty()) {
        return;
    }
    // The library knows what such a line may be like; only the name was needed to look it up.
    const auto sum = cofutures::http::find_checksum(line, name);
    if (!sum) {
        return;
    }
    if (name.starts_with("./")) {
        name.remove_prefix(2);
    }
    sums_.emplace(name, *sum);
}

std::optional<cofutures::http::checksum> checksum_list::find(const std::string& name) const
{
    const auto found = sums_.find(name);
    return found == sums_.end() ? std::nullopt : std::optional(found->second);
}

} // namespace downloader
