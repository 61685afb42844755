// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Fetching the flags of a plan, in one of three ways of waiting.

#include <cofutures/http/client.hpp>

#include "flags/plan.hpp"
#include "flags/report.hpp"

#include <functional>
#include <stop_token>

namespace downloader {

/// What a client for a plan needs to be.
cofutures::http::client_options client_options_for(const flags_plan& plan);

/// Fetches every flag of `plan` through `client` and says what became of each.
///
/// All modes ask the same client for the same futures and turn each into a `file_result` with the
/// same function; they differ only in who waits: this thread, a pool's threads, or coroutines.
///
/// **Runs on** `done` is called in this thread, once for each code, as it finishes.
/// **Blocks** until all are done.
/// **Cancellation** A stop request ends downloads under way at once and starts no others; all of
///   those count as interrupted.
/// **Throws** `std::system_error` if threads or sockets cannot be had at all; no download's
///   failure.
run_report download_flags(cofutures::http::client& client,
                          const flags_plan& plan,
                          mode how,
                          const std::stop_token& stop,
                          const std::function<void(const file_result&)>& done);

} // namespace downloader
