// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What a task can ask about where it runs. Floor 0.

#include <cofutures/detail/cplusplus.hpp>

#include <string>

namespace cofutures::this_worker {

/// The full name of the worker that runs the calling thread, such as `fetch_0`; empty outside of
/// workers. The operating system keeps the first 15 characters only.
const std::string& name() noexcept;

} // namespace cofutures::this_worker

namespace cofutures::detail {

/// Names the calling thread, here and in the operating system.
void set_worker_name(std::string name);

} // namespace cofutures::detail
