// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Fetching what the orders say, so many files at a time.

#include "get/get_options.hpp"
#include "get/get_report.hpp"
#include "get/live_view.hpp"
#include "get/orders.hpp"

#include <functional>
#include <stop_token>

namespace downloader {

/// Who wants to know what happens. All calls come from one thread, one at a time.
struct get_observer {
    /// What became of a file.
    std::function<void(const file_ending&)> ended = [](const file_ending&) {};

    /// What is under way, several times a second; empty if nobody looks.
    std::function<void(const run_snapshot&)> under_way = {};
};

/// Fetches every file that was ordered and says what became of each.
///
/// Never more than `options.jobs` downloads have a connection, and never more than four times as
/// many orders have been taken from the source and not been settled.
///
/// **Blocks** until all are done.
/// **Cancellation** A stop request ends downloads under way at once, and the reading of the list;
///   those under way count as interrupted, and what was not read does not count.
/// **Throws** What the observer throws, after everything has ended; `usage_error` if the list
///   cannot be opened; no download's failure.
get_tally
fetch_all(const get_options& options, const std::stop_token& stop, const get_observer& observer);

} // namespace downloader
