// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "commands.hpp"
#include "get/get_log.hpp"
#include "get/get_run.hpp"
#include "interrupt.hpp"

#include <chrono>

namespace downloader {

namespace {

get_log::style style_for(const get_options& options)
{
    if (options.quiet) {
        return get_log::style::quiet;
    }
    return options.verbose ? get_log::style::verbose : get_log::style::lines;
}

} // namespace

int run_get(const get_options& options)
{
    const interrupt interrupted;
    const auto begin = std::chrono::steady_clock::now();
    get_log log(style_for(options), stdout, stderr);
    const get_tally counts =
        fetch_all(options, interrupted.token(), {.ended = [&log](const file_ending& file) {
                      log.ended(file);
                  }});
    log.summary(counts, std::chrono::steady_clock::now() - begin);
    return counts.exit_status(interrupted.token().stop_requested());
}

} // namespace downloader
