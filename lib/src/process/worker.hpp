// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The life of a worker process. Internal.

#include "unique_fd.hpp"

#include <cstddef>
#include <string>

namespace cofutures::detail {

/// Runs calls from `socket` until it is closed, and ends the process.
[[noreturn]] void
run_worker(unique_fd socket, unique_fd page, std::string name, std::size_t memory_limit) noexcept;

} // namespace cofutures::detail
