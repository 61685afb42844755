// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The one place where errors go that nobody is waiting for. Floor 0.

#include <cofutures/detail/cplusplus.hpp>

#include <exception>
#include <functional>
#include <string>

namespace cofutures {

/// An error that no caller can receive.
struct error_report {
    enum class source {
        /// A task failed and the last future to it went without anybody looking at the exception.
        unobserved_failure,
        /// A done-callback threw.
        done_callback,
        /// A worker's initializer threw; its pool is broken.
        initializer,
        /// A handler posted to an executor's own context threw.
        handler,
    };

    source where;
    std::exception_ptr exception;

    /// The task's name, else the type of its callable, followed by the place of its submission where
    /// `task_options` gave one. Empty when nothing is known.
    std::string task;
};

/// Receives error reports; see `set_error_handler`.
using error_handler = std::function<void(const error_report&)>;

/// Replaces the process-wide error handler and returns the former one.
///
/// The default handler writes one line to standard error. An empty `handler` restores it. What a
/// handler throws is dropped, since there is nowhere left to send it.
///
/// **Python** the logger `concurrent.futures`, which never hears of failures nobody looked at.
/// **Runs on** the thread that met the error: the worker that ran a callback, or whoever dropped the
///   last future. The handler must therefore be thread-safe.
/// **Thread safety** Safe; a report that is under way may still reach the former handler.
error_handler set_error_handler(error_handler handler);

namespace detail {

/// Hands a report to the current handler; called with no lock held.
void report_error(const error_report& report) noexcept;

} // namespace detail

} // namespace cofutures
