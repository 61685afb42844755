// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "get/get_options.hpp"

#include "usage_error.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace downloader {

namespace {

void require_at_least_one(const char* what, std::int64_t value)
{
    if (value < 1) {
        throw usage_error(fmt::format("{} must be 1 or more, got {}", what, value),
                          std::string(get_usage()));
    }
}

} // namespace

std::string_view get_usage()
{
    return "usage: downloader get [URL ...] [-i FILE] [-o DIR] [-j N] [--per-host N] [-q | -v]";
}

void define_get(CLI::App& app, get_options& options)
{
    app.add_option("URL", options.urls, "What to fetch; the file is named after the URL");
    app.add_option("-i,--input",
                   options.input,
                   "List of files to fetch, - for standard input; each line is URL [NAME]")
        ->type_name("FILE");
    app.add_option("-o,--output-dir", options.output_dir, "Folder for the files")
        ->type_name("DIR")
        ->capture_default_str();
    app.add_option("-j,--jobs", options.jobs, "Most files fetched at once")
        ->type_name("N")
        ->capture_default_str();
    app.add_option("--per-host", options.per_host, "Most connections to one server")
        ->type_name("N")
        ->capture_default_str();
    app.add_flag("--overwrite", options.overwrite, "Fetch also what is there already");
    auto* quiet = app.add_flag("-q,--quiet", options.quiet, "Say nothing but what failed");
    app.add_flag("-v,--verbose", options.verbose, "Say more about each file")->excludes(quiet);
}

void check(const get_options& options)
{
    if (options.urls.empty() && options.input.empty()) {
        throw usage_error("nothing to fetch: give a URL or a list (-i)", std::string(get_usage()));
    }
    require_at_least_one("-j/--jobs", options.jobs);
    require_at_least_one("--per-host", options.per_host);
}

} // namespace downloader
