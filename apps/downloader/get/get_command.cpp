// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "commands.hpp"
#include "get/get_json.hpp"
#include "get/get_log.hpp"
#include "get/get_run.hpp"
#include "interrupt.hpp"
#include "usage_error.hpp"

#include <chrono>
#include <optional>
#include <system_error>

namespace downloader {

namespace {

get_log::style style_for(const get_options& options)
{
    if (options.quiet) {
        return get_log::style::quiet;
    }
    return options.verbose ? get_log::style::verbose : get_log::style::lines;
}

std::optional<json_report_writer> report_for(const get_options& options)
{
    try {
        return options.json.empty() ? std::nullopt
                                    : std::optional<json_report_writer>(options.json);
    } catch (const std::system_error& error) {
        throw usage_error(error.what(), std::string(get_usage()));
    }
}

} // namespace

int run_get(const get_options& options)
{
    const interrupt interrupted;
    const auto begin = std::chrono::steady_clock::now();
    std::optional<json_report_writer> report = report_for(options);
    // A report on standard output wants it for itself.
    get_log log(style_for(options), options.json == "-" ? stderr : stdout, stderr);

    const get_tally counts =
        fetch_all(options, interrupted.token(), {.ended = [&](const file_ending& file) {
                      log.ended(file);
                      if (report) {
                          report->ended(file);
                      }
                  }});

    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    const int status = counts.exit_status(interrupted.token().stop_requested());
    if (report) {
        report->finish(counts, elapsed, status);
    }
    log.summary(options.dry_run ? dry_summary_line(counts) : summary_line(counts, elapsed));
    return status;
}

} // namespace downloader
