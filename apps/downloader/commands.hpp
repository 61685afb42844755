// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The program's commands: each returns the exit status.

#include "options.hpp"

#include <string>
#include <vector>

namespace downloader {

/// Runs `downloader get`.
///
/// **Throws** `usage_error` if the list cannot be opened, `std::system_error` if the log cannot be
///   written.
int run_get(const get_options& options);

/// Runs `downloader flags`.
///
/// **Throws** `usage_error`, and what makes every download pointless: no embedded server, no
///   threads.
int run_flags(const flags_options& options);

/// Runs `downloader serve` until SIGINT or SIGTERM.
int run_serve(const serve_options& options);

/// The whole program: reads the arguments, runs the command, reports what leaves it.
///
/// 0 done, 1 some files failed, 2 usage error, 130 interrupted.
int run(std::vector<std::string> arguments) noexcept;

} // namespace downloader
