// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What a person reads while files are being fetched.

#include "get/get_report.hpp"

#include <cstdio>
#include <string>

namespace downloader {

/// Writes a line for each file, as it ends: what is there to one stream, what failed to the other.
class get_log {
public:
    enum class style {
        quiet,  ///< only what failed
        lines,  ///< also what was downloaded, and a summary
        verbose ///< also what was kept, with more about each
    };

    /// **Throws** Every member: `std::system_error` if a stream cannot be written.
    get_log(style how, std::FILE* out, std::FILE* err) : style_(how), out_(out), err_(err) {}

    void ended(const file_ending& file);
    void summary(const std::string& line);

private:
    style style_;
    std::FILE* out_;
    std::FILE* err_;
};

} // namespace downloader
