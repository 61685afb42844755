// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "get/get_log.hpp"

#include "common/standard_streams.hpp"

#include <chrono>

namespace downloader {

void get_log::ended(const file_ending& file)
{
    switch (file.how) {
    case ending::downloaded:
    case ending::planned:
        if (style_ >= style::lines) {
            print_line(streams_.out, success_line(file, style_ == style::verbose));
        }
        break;
    case ending::kept:
        if (style_ == style::verbose) {
            print_line(streams_.out, success_line(file, true));
        }
        break;
    case ending::interrupted:
        break; // a person who presses Ctrl-C knows, and the summary counts them
    case ending::failed:
    case ending::timed_out:
        print_line(streams_.err, "*** " + failure_line(file));
        break;
    }
}

void get_log::under_way(const run_snapshot& run)
{
    if (streams_.live) {
        const window_size window = window_size_of(streams_.err);
        // The last column is left free: some terminals wrap when it is filled.
        area_.show(
            view_.lines(run, std::chrono::steady_clock::now(), window.columns - 1, window.rows));
    }
}

void get_log::summary(const std::string& line)
{
    if (streams_.live) {
        area_.show({});
    }
    if (style_ != style::quiet) {
        print_line(streams_.out, line);
    }
}

void get_log::print_line(std::FILE* stream, const std::string& line)
{
    if (streams_.live) {
        area_.hide();
    }
    common::write(stream, "the log", line + '\n');
    if (streams_.live) {
        area_.show_again();
    }
}

} // namespace downloader
