// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Fetching what the orders say, so many files at a time.

#include "get/get_options.hpp"
#include "get/get_report.hpp"
#include "get/live_view.hpp"
#include "get/orders.hpp"

#include <functional>
#include <memory>
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
/// **Lifetime** The destructor waits for look-ups under way, as that of a client does. What the
///   constructor is given must outlive it.
class get_run {
public:
    /// **Throws** `usage_error` if the list cannot be opened, or an option is not what the client
    ///   takes.
    get_run(const get_options& options, const std::stop_token& stop, const get_observer& observer);
    ~get_run();

    /// Does it, once.
    ///
    /// **Blocks** until all are done.
    /// **Cancellation** A stop request ends downloads under way at once, and the reading of the list;
    ///   those under way count as interrupted, and what was not read does not count.
    /// **Throws** What the observer throws, after everything has ended; no download's failure.
    get_tally run();

    /// What became of the files so far; also after `run` has thrown. Not while it runs.
    const get_tally& tally() const noexcept;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

} // namespace downloader
