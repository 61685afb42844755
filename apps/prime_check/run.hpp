// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The whole program, between the command line and the exit status.

#include "options.hpp"

#include <atomic>
#include <thread>

namespace prime_check {

/// Prints help or what is wrong with the command line; returns the exit status, 1 if standard output
/// cannot be written.
int leave(const early_exit& told);

/// Checks and prints; returns 0, or 1 when the input or the output failed.
///
/// **Blocks** until all numbers are checked.
int run(const options& chosen);

/// Makes Ctrl-C end the process in bounded time with status 130: the verdicts known so far are printed,
/// then their count.
///
/// Make one before any other thread starts, so that all of them leave the signal to its thread.
class interrupt_watch {
public:
    interrupt_watch();
    ~interrupt_watch();
    interrupt_watch(const interrupt_watch&) = delete;
    interrupt_watch& operator=(const interrupt_watch&) = delete;

private:
    std::atomic<bool> over_{
        false}; // tells the thread that the signal that wakes it is the destructor's
    std::thread waiter_;
};

} // namespace prime_check
