// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Every exception type that cofutures itself throws. Floor 0; read this first.
///
/// Errors of worker processes live in <cofutures/process/error.hpp>; errors of the HTTP client in
/// <cofutures/http/error.hpp>. What a task throws is never wrapped: it arrives as its own type.

#include <cofutures/detail/cplusplus.hpp>

#include <cstddef>
#include <stdexcept>
#include <string>

namespace cofutures {

/// The base of all errors that say something about a future or an executor.
///
/// **Python** `concurrent.futures._base.Error`; here also the base of the time-out error, so that one
/// handler catches everything that did not come from the task itself.
class error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The outcome of a future whose task was cancelled.
///
/// A task may throw it too: after `request_stop()` that ends the future as cancelled.
///
/// **Python** `CancelledError`.
class cancelled_error : public error {
public:
    cancelled_error() : error("the task was cancelled") {}
    using error::error;
};

/// A wait that ended before what it waited for; the task goes on.
///
/// Distinct from anything a task throws, so "not ready in time" is never confused with a task's own
/// time-out.
///
/// **Python** `TimeoutError`.
class timeout_error : public error {
public:
    timeout_error() : error("not ready in time") {}
    using error::error;

    /// Reports a wait for several futures of which some were not done.
    timeout_error(std::size_t unfinished, std::size_t total)
        : error(std::to_string(unfinished) + " (of " + std::to_string(total) +
                ") futures unfinished"),
          unfinished_(unfinished),
          total_(total)
    {}

    /// How many futures were not done; 0 where a single future was waited for.
    std::size_t unfinished() const noexcept { return unfinished_; }

    /// How many futures were waited for; 0 where a single future was waited for.
    std::size_t total() const noexcept { return total_; }

private:
    std::size_t unfinished_ = 0;
    std::size_t total_ = 0;
};

/// A call that the state does not allow: a second result, a taken value, a handle without a state.
///
/// **Python** `InvalidStateError`.
class invalid_state_error : public error {
public:
    using error::error;
};

/// The outcome of a future whose promise was dropped without a result.
class broken_promise : public error {
public:
    broken_promise() : error("the promise was dropped without a result") {}
};

/// Work offered to an executor that no longer takes any.
///
/// **Python** the plain `RuntimeError` "cannot schedule new futures after shutdown".
class executor_shut_down : public error {
public:
    executor_shut_down() : error("cannot schedule new futures after shutdown") {}
    using error::error;
};

/// A wait that could never have ended, refused in the thread that was about to begin it.
class deadlock_error : public error {
public:
    using error::error;
};

/// An executor that can run nothing any more; the cause is nested (`std::rethrow_if_nested`).
///
/// **Python** `BrokenExecutor`.
class broken_executor : public error {
public:
    using error::error;
};

/// A thread pool whose initializer failed.
///
/// **Python** `BrokenThreadPool`; here the initializer's exception is nested.
class broken_thread_pool : public broken_executor {
public:
    using broken_executor::broken_executor;
};

} // namespace cofutures
