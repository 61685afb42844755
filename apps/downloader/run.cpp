// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "commands.hpp"
#include "common/standard_streams.hpp"
#include "option_checks.hpp"

#include <fmt/format.h>

#include <exception>

namespace downloader {

namespace {

struct run_command {
    int operator()(const get_options& options) const { return run_get(options); }
    int operator()(const flags_options& options) const { return run_flags(options); }
    int operator()(const serve_options& options) const { return run_serve(options); }
    int operator()(const print_text& output) const
    {
        common::write_out(output.text);
        return 0;
    }
};

// Not in one string: making that needs memory, and the lack of it may be what is told.
void complain_about(const std::exception& error) noexcept
{
    common::complain("*** ");
    common::complain(error.what());
    common::complain("\n");
}

void complain_about(const usage_error& error, const std::vector<std::string>& arguments) noexcept
{
    common::complain("*** Usage error: ");
    try {
        common::complain(without_passwords(error.what(), arguments));
    } catch (const std::exception& problem) {
        common::complain(problem.what());
    }
    common::complain("\n");
    common::complain(error.usage().empty() ? std::string_view(flags_usage()) : error.usage());
    common::complain("\n");
}

} // namespace

int run(std::vector<std::string> arguments) noexcept
{
    try {
        return std::visit(run_command(), parse_command(arguments));
    } catch (const usage_error& error) {
        complain_about(error, arguments);
        return 2;
    } catch (const std::exception& error) {
        complain_about(error);
        return 1;
    }
}

} // namespace downloader
