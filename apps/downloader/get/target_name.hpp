// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Names of files that cannot lead out of the folder they are meant for.

#include "get/input_list.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace downloader {

/// The name for what `entry` asks for, below the output folder.
///
/// The entry's own name, which may lead into subfolders, or the last part of the URL's path, or
/// "index.html" where that is empty.
/// **Throws** `std::invalid_argument` for a name with an empty part, "." or "..", a backslash or a
///   control character; `cofutures::http::request_error` for what is no URL.
std::string target_name(const list_entry& entry);

/// Remembers who used a name, for the names used last.
///
/// It keeps a hash of each name, not the name, and forgets the oldest, so that a list of any length
/// takes the same memory.
class recent_names {
public:
    static constexpr std::size_t usual_capacity = 262'144;

    explicit recent_names(std::size_t capacity = usual_capacity) : capacity_(capacity) {}

    /// Notes that `user` uses this name; returns the earlier user if there is one.
    std::optional<std::uint64_t> note(std::string_view name, std::uint64_t user);

private:
    std::size_t capacity_;
    std::unordered_map<std::uint64_t, std::uint64_t> users_;
    std::deque<std::uint64_t> oldest_first_;
};

} // namespace downloader
