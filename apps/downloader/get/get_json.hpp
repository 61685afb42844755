// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The report of a run for programs.

#include "get/get_report.hpp"

#include <cstdio>
#include <memory>
#include <string>

namespace downloader {

/// Writes one JSON object, file by file: what was written is not kept in memory.
///
/// `{"files": [{"url": …, "outcome": …, …}, …], "counts": {…}, "exit_status": 0}`, with each file on
/// a line of its own, so that the report of a run that was killed can still be read by eye.
///
/// **Throws** `std::system_error` that names the report: the constructor if it cannot be created,
///   the others if it cannot be written.
class json_report_writer {
public:
    /// Creates the file; "-" is standard output.
    explicit json_report_writer(const std::string& path);

    void ended(const file_ending& file);

    /// Writes the counters; nothing may follow.
    void finish(const get_tally& counts, std::chrono::duration<double> elapsed, int exit_status);

private:
    struct closer {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };

    void write(const std::string& text);
    void flush();

    std::string name_;
    std::unique_ptr<std::FILE, closer> owned_; ///< null for standard output
    std::FILE* file_ = stdout;
    bool first_ = true;
};

} // namespace downloader
