// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What a process has used so far, from /proc. Internal.

#include <cofutures/process/options.hpp>

#include <sys/types.h>

namespace cofutures::detail {

/// Fills in CPU time and peak memory; leaves them alone if the process is gone.
void read_process_use(pid_t pid, process::worker_stats& use);

} // namespace cofutures::detail
