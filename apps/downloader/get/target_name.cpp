// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "get/target_name.hpp"

#include <cofutures/http/url.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <stdexcept>

namespace downloader {

namespace {

bool is_unsafe(char c)
{
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\';
}

void check_name(std::string_view name)
{
    if (std::any_of(name.begin(), name.end(), is_unsafe)) {
        throw std::invalid_argument("the name contains a backslash or a control character");
    }
    std::size_t begin = 0;
    while (begin <= name.size()) {
        const std::size_t end = std::min(name.find('/', begin), name.size());
        const std::string_view part = name.substr(begin, end - begin);
        if (part.empty() || part == "." || part == "..") {
            throw std::invalid_argument(fmt::format(
                "the name '{}' is not one below the output folder: no part of it may be '{}'",
                name,
                part));
        }
        begin = end + 1;
    }
}

} // namespace

std::string target_name(const list_entry& entry)
{
    const cofutures::http::url url(entry.url);
    if (!entry.name.empty()) {
        check_name(entry.name);
        return entry.name;
    }
    std::string name = url.file_name();
    return name.empty() ? "index.html" : name;
}

std::optional<std::uint64_t> recent_names::note(std::string_view name, std::uint64_t user)
{
    const std::uint64_t hash = std::hash<std::string_view>()(name);
    const auto [place, is_new] = users_.emplace(hash, user);
    if (!is_new) {
        return place->second;
    }
    oldest_first_.push_back(hash);
    if (oldest_first_.size() > capacity_) {
        users_.erase(oldest_first_.front());
        oldest_first_.pop_front();
    }
    return std::nullopt;
}

} // namespace downloader
