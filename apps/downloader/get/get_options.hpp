// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The command line of `downloader get`, as values.

#include <cofutures/http/credentials.hpp>
#include <cofutures/http/message.hpp>
#include <cofutures/http/proxy.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
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
    bool no_clobber = false; ///< says what is done anyway
    bool newer = false;
    bool content_disposition = false;
    bool resume = false;
    std::int64_t segments = 4;
    std::uint64_t min_segment = 8'000'000; ///< bytes
    std::string checksum;                  ///< of the only URL
    std::string checksums;                 ///< a file of them, as sha256sum writes it
    bool dry_run = false;
    bool file_times = false;
    bool sync = false;

    std::int64_t retries = 3; ///< after the first try

    // Seconds.
    std::optional<double> timeout; ///< for a file in all
    double connect_timeout = 10;
    double idle_timeout = 30;

    // Bytes a second; 0 is none.
    std::uint64_t limit_rate = 0;
    std::uint64_t limit_rate_per_host = 0;
    std::uint64_t min_speed = 0;
    double min_speed_time = 30;

    std::vector<std::string> headers; ///< "Name: value" each
    std::string user;                 ///< "NAME:PASSWORD"
    bool netrc = false;
    std::filesystem::path netrc_file; ///< also set by `netrc`, once the options are checked
    std::filesystem::path cacert;
    std::filesystem::path cert;
    std::filesystem::path key;
    bool insecure = false;
    std::int64_t max_redirects = 10;
    bool insecure_redirects = false;
    std::string proxy;
    std::string no_proxy;
    std::vector<std::string> resolve; ///< "HOST:ADDRESS" each
    std::filesystem::path unix_socket;
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

/// What stands for the user; nothing if nobody does.
///
/// **Throws** `usage_error` for what is no "NAME:PASSWORD".
std::optional<cofutures::http::credentials> credentials_of(const get_options& options);

/// The proxies that were given, or else those of the environment.
///
/// **Throws** `usage_error` for what is no proxy.
cofutures::http::proxy_options proxies_of(const get_options& options);

/// The addresses of the hosts that have been given some.
///
/// **Throws** `usage_error` for what is no "HOST:ADDRESS".
std::map<std::string, std::vector<std::string>> addresses_of(const get_options& options);

/// Declares the options to the parser, which writes into `options`.
void define_get(CLI::App& app, get_options& options);

/// Refuses what cannot be done, once the parser is through, and finds the usual netrc file.
///
/// **Throws** `usage_error`.
void check(get_options& options);

} // namespace downloader
