// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The command line, as values.

#include "get/get_options.hpp"
#include "usage_error.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace downloader {

/// How `downloader flags` waits for its downloads; everything else is the same code.
enum class mode { sequential, threads, coroutines };

std::string_view name_of(mode which);

/// `downloader flags`, with what was not said left at its default.
struct flags_options {
    std::vector<std::string> codes;
    bool all = false;
    bool every = false;
    std::optional<std::int64_t> limit;
    std::optional<std::int64_t> max_req;
    std::string server = "LOCAL";
    std::optional<std::string> pattern;
    std::filesystem::path output_dir = "downloaded";
    mode how = mode::coroutines;
    bool compare = false;
    bool verify = false;
    bool verbose = false;
    bool json = false;

    /// Seconds for one request in all; a read alone may take as long.
    double timeout = 30;
    std::optional<std::int64_t> delay_min;
    std::optional<std::int64_t> delay_max;
    std::optional<double> error_rate;
    std::optional<std::uint64_t> seed;
    std::filesystem::path images;
};

/// `downloader serve`.
struct serve_options {
    std::string bind = "127.0.0.1";
    std::uint16_t port = 8001;
    std::chrono::milliseconds delay_min{0};
    std::chrono::milliseconds delay_max{0};
    double error_rate = 0;
    std::uint64_t seed = 1;
    std::filesystem::path images;
};

/// `--help` and `--version`: text for standard output, and nothing to do.
struct print_text {
    std::string text;
};

using command = std::variant<flags_options, get_options, serve_options, print_text>;

/// The line that says how `downloader flags` is called.
std::string_view flags_usage();

/// Reads the command line; `arguments` are those after the program's name.
///
/// **Throws** `usage_error`.
command parse_command(std::vector<std::string> arguments);

} // namespace downloader
