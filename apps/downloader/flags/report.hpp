// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What became of the files, counted and put into words.

#include "flags/plan.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace downloader {

enum class outcome { downloaded, not_found, failed, timed_out, interrupted };

/// What became of one file.
struct file_result {
    std::string code;
    outcome what = outcome::downloaded;
    std::string
        message; ///< why there is no file: names the code, the URL or the file, and the reason
};

/// How many files came to which end.
struct tally {
    std::size_t downloaded = 0;
    std::size_t not_found = 0;
    std::size_t failed = 0;
    std::size_t timed_out = 0;
    std::size_t interrupted = 0;

    void add(outcome what);
    std::size_t total() const { return downloaded + not_found + failed + timed_out + interrupted; }

    friend bool operator==(const tally&, const tally&) = default;
};

/// One mode's run, finished.
struct run_report {
    mode how = mode::sequential;
    std::size_t connections = 1;
    std::chrono::duration<double> elapsed{0};
    std::vector<file_result> files; ///< in order of completion

    tally counts() const;
};

/// "1 flag", "2 flags".
std::string counted(std::size_t count, std::string_view noun);

/// The lines before a verbose run: site, codes, connections.
std::string first_report(const flags_plan& plan);

/// One line for one file.
std::string file_line(const file_result& file);

/// The lines after a verbose run: twenty dashes, the counters that are not zero, the time.
std::string last_report(const run_report& report);

/// "18 flags downloaded in 0.31s (1 not found, 1 error)".
std::string summary_line(const run_report& report);

/// The modes side by side, with how many times faster than the first each one was.
std::string comparison(const std::vector<run_report>& reports);

/// The reports as one JSON object.
std::string json_report(const flags_plan& plan, const std::vector<run_report>& reports);

/// 0 if every file is there, 1 if some are not, 130 after Ctrl-C.
int exit_status(const std::vector<run_report>& reports);

} // namespace downloader
