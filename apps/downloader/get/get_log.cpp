// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "get/get_log.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace downloader {

namespace {

void print_line(std::FILE* stream, const std::string& prefix, const std::string& line)
{
    fmt::print(stream, "{}{}\n", prefix, line);
    if (std::fflush(stream) != 0) {
        throw std::system_error(errno, std::system_category(), "cannot write the log");
    }
}

} // namespace

void get_log::ended(const file_ending& file)
{
    switch (file.how) {
    case ending::downloaded:
    case ending::planned:
        if (style_ != style::quiet) {
            print_line(out_, "", success_line(file, style_ == style::verbose));
        }
        break;
    case ending::kept:
        if (style_ == style::verbose) {
            print_line(out_, "", success_line(file, true));
        }
        break;
    case ending::interrupted:
        break; // a person who presses Ctrl-C knows, and the summary counts them
    case ending::failed:
    case ending::timed_out:
        print_line(err_, "*** ", failure_line(file));
        break;
    }
}

void get_log::summary(const std::string& line)
{
    if (style_ != style::quiet) {
        print_line(out_, "", line);
    }
}

} // namespace downloader
