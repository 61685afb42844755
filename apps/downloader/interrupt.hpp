// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Ctrl-C, turned into a stop request.

#include <memory>
#include <stop_token>

namespace downloader {

/// Catches SIGINT and SIGTERM while it lives.
///
/// The first signal requests a stop; after it both have their usual effect again, so that a second
/// Ctrl-C ends even a program that hangs.
///
/// **Runs on** one thread of its own, which also runs the stop callbacks.
class interrupt {
public:
    interrupt();
    ~interrupt();

    interrupt(const interrupt&) = delete;
    interrupt& operator=(const interrupt&) = delete;

    std::stop_token token() const;

    /// Blocks until the first signal or `request_stop()`.
    void wait();

    /// Stops as the first signal would. Any thread may call it.
    void request_stop();

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

/// Ends the program at once, with everything written that was printed.
///
/// For programs that were interrupted and have told what became of it: destructors would wait for
/// look-ups that hang, which nothing can stop.
[[noreturn]] void leave(int status) noexcept;

} // namespace downloader
