// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "commands.hpp"
#include "get/get_json.hpp"
#include "get/get_log.hpp"
#include "get/get_run.hpp"
#include "interrupt.hpp"
#include "usage_error.hpp"

#include <chrono>
#include <csignal>
#include <exception>
#include <optional>
#include <system_error>

namespace downloader {

namespace {

get_log::streams streams_for(const get_options& options)
{
    // A report on standard output wants it for itself.
    return {.out = options.json == "-" ? stderr : stdout,
            .err = stderr,
            .live = !options.quiet && !options.dry_run && is_live_terminal(stderr)};
}

get_log::style style_for(const get_options& options, const get_log::streams& streams)
{
    if (options.quiet) {
        return get_log::style::quiet;
    }
    if (options.verbose) {
        return get_log::style::verbose;
    }
    // Who sees the files under way need not read their names as well.
    return streams.live && is_live_terminal(streams.out) ? get_log::style::brief
                                                         : get_log::style::lines;
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
    // Who reads the log may go away; that ends the run in order and not with parts left behind.
    std::signal(SIGPIPE, SIG_IGN);
    const interrupt interrupted;
    const auto begin = std::chrono::steady_clock::now();
    std::optional<json_report_writer> report = report_for(options);
    const get_log::streams streams = streams_for(options);
    get_log log(style_for(options, streams), streams);

    get_observer observer;
    observer.ended = [&](const file_ending& file) {
        // The report first: a log that cannot be written must not leave a gap in it.
        if (report) {
            report->ended(file);
        }
        log.ended(file);
    };
    if (streams.live) {
        observer.under_way = [&](const run_snapshot& now) { log.under_way(now); };
    }
    get_run run(options, interrupted.token(), observer);
    std::exception_ptr failure;
    try {
        run.run();
    } catch (...) {
        failure = std::current_exception();
    }

    const get_tally& counts = run.tally();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    const bool stopped = interrupted.token().stop_requested();
    const int status = failure ? 1 : counts.exit_status(stopped);
    if (report) {
        // The report of a run whose log could not be written is whole all the same.
        try {
            report->finish(counts, elapsed, status);
        } catch (...) {
            failure = failure ? failure : std::current_exception();
        }
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
    log.summary(options.dry_run ? dry_summary_line(counts) : summary_line(counts, elapsed));
    if (stopped) {
        leave(status);
    }
    return status;
}

} // namespace downloader
