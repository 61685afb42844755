// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What a person sees while the downloads run.

#include "flags/report.hpp"

#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

namespace downloader {

/// The text of a bar like "[#####---------------]  5/20", `width` characters wide at most.
std::string bar_text(std::size_t done, std::size_t total, std::size_t width);

/// Shows a run file by file.
///
/// Normally the code of each saved file goes to standard output, separated by blanks, and what
/// failed is told at the end; verbose, each file gets a line. Where standard error is a terminal, a
/// bar is drawn behind the cursor, which stays where the next code belongs; elsewhere long runs say
/// how far they are, a line for each tenth.
class progress {
public:
    enum class style { codes, lines, silent };

    struct streams {
        std::FILE* out = stdout;
        std::FILE* err = stderr;
        bool bar = false; ///< err is a terminal
        std::size_t columns = 80;
    };

    /// **Throws** Every member: `std::system_error` if a stream cannot be written.
    progress(style how, std::size_t total, streams where);

    void file_done(const file_result& file);

    /// Ends the line of codes, removes the bar and names what failed.
    void finish();

private:
    void print_code(const std::string& code);
    void draw_bar() const;
    void erase_bar() const;
    void print_tenth();

    static constexpr std::size_t bar_width = 30;
    static constexpr std::size_t long_run = 50; ///< files, from which plain progress lines help
    static constexpr std::size_t most_failures = 10;

    style style_;
    std::size_t total_;
    streams streams_;
    std::size_t done_ = 0;
    std::size_t column_ = 0;
    std::vector<std::string> failures_;
};

/// The process's streams, with a bar if standard error is a terminal that understands it.
progress::streams usual_streams();

} // namespace downloader
