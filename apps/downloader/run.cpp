// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "commands.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <exception>

namespace downloader {

namespace {

struct run_command {
    int operator()(const get_options& options) const { return run_get(options); }
    int operator()(const flags_options& options) const { return run_flags(options); }
    int operator()(const serve_options& options) const { return run_serve(options); }
    int operator()(const print_text& output) const
    {
        fmt::print("{}", output.text);
        return 0;
    }
};

} // namespace

int run(std::vector<std::string> arguments) noexcept
{
    try {
        return std::visit(run_command(), parse_command(std::move(arguments)));
    } catch (const usage_error& error) {
        fmt::print(stderr,
                   "*** Usage error: {}\n{}\n",
                   error.what(),
                   error.usage().empty() ? flags_usage() : error.usage());
        return 2;
    } catch (const std::exception& error) {
        fmt::print(stderr, "*** {}\n", error.what());
        return 1;
    }
}

} // namespace downloader
