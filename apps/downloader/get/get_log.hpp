// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What a person reads while files are being fetched.

#include "get/get_report.hpp"
#include "get/live_area.hpp"
#include "get/live_view.hpp"

#include <cstdio>
#include <string>

namespace downloader {

/// Writes a line for each file, as it ends: what is there to one stream, what failed to the other.
///
/// On a terminal it also shows what is under way.
class get_log {
public:
    enum class style {
        quiet,  ///< only what failed
        brief,  ///< also a summary
        lines,  ///< also what was downloaded
        verbose ///< also what was kept, with more about each
    };

    struct streams {
        std::FILE* out = stdout;
        std::FILE* err = stderr;
        bool live = false; ///< err is a terminal
    };

    /// **Throws** Every member: `std::system_error` if a stream cannot be written.
    get_log(style how, streams where) : style_(how), streams_(where), area_(where.err) {}

    void ended(const file_ending& file);

    /// Draws what is under way, if there is a terminal to draw on.
    void under_way(const run_snapshot& run);

    /// Ends the drawing, too.
    void summary(const std::string& line);

private:
    void print_line(std::FILE* stream, const std::string& line);

    style style_;
    streams streams_;
    live_view view_;
    live_area area_;
};

} // namespace downloader
