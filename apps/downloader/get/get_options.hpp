// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The command line of `downloader get`, as values.

#include <cofutures/http/message.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace downloader {

/// `downloader get`, with what was not said left at its default.
struct get_options {
    std::vector<std::string> urls;
    std::string input; ///< the list; "-" is standard input, empty is none
    std::filesystem::path output_dir = ".";
    std::int64_t jobs = 16;
    std::int64_t per_host = 6;
    bool overwrite = false;
    bool resume = false;
    std::string checksum;  ///< of the only URL
    std::string checksums; ///< a file of them, as sha256sum writes it
    bool dry_run = false;

    std::int64_t retries = 3; ///< after the first try

    // Seconds.
    std::optional<double> timeout; ///< for a file in all
    double connect_timeout = 10;
    double idle_timeout = 30;

    std::vector<std::string> headers; ///< "Name: value" each
    std::filesystem::path cacert;
    std::string json; ///< where the report goes; "-" is standard output, empty is nowhere
    bool quiet = false;
    bool verbose = false;
};

/// The line that says how `downloader get` is called.
std::string_view get_usage();

/// The fields that every request gets.
///
/// **Throws** `usage_error` for what is no "Name: value".
cofutures::http::headers headers_of(const get_options& options);

/// Declares the options to the parser, which writes into `options`.
void define_get(CLI::App& app, get_options& options);

/// Refuses what cannot be done, once the parser is through.
///
/// **Throws** `usage_error`.
void check(const get_options& options);

} // namespace downloader
