// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// From what was asked for to what will be done: codes, server, connections, files.

#include "options.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace downloader {

/// The servers that have names, and any other.
enum class site { local, delay, error, remote, other };

/// Where the flags come from.
struct server_choice {
    site kind = site::local;
    std::string label;    ///< "LOCAL" ... or, for any other server, its URL
    std::string base_url; ///< empty for the embedded server, whose port is not known yet

    bool embedded() const noexcept { return kind != site::remote && kind != site::other; }
};

/// What `downloader flags` is going to do.
struct flags_plan {
    std::vector<std::string> codes;
    server_choice server;
    std::string pattern;
    std::filesystem::path folder;
    std::size_t connections = 1;
    std::chrono::milliseconds timeout{0};

    /// The URL of a code's flag.
    std::string url_of(std::string_view code) const;

    /// The file for a code's flag: the code with the extension that the pattern has.
    std::filesystem::path file_of(std::string_view code) const;
};

/// The greatest number of concurrent requests, whatever -m says; 1 for sequential.
constexpr std::size_t most_connections = 1000;

/// Expands codes and first letters, sorted and without repetition.
///
/// **Throws** `usage_error` for what is neither.
std::vector<std::string> expand_codes(const flags_options& options);

/// Recognises a label, without regard to case, or an http(s) URL.
///
/// `remote_url` is the address behind REMOTE.
/// **Throws** `usage_error`.
server_choice choose_server(const std::string& server, const std::string& remote_url);

/// Settles everything but the address of the embedded server.
///
/// **Throws** `usage_error`.
flags_plan make_plan(const flags_options& options, mode how, const std::string& remote_url);

} // namespace downloader
