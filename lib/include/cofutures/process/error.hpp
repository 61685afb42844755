// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What can go wrong with worker processes. Floor 0; read <cofutures/error.hpp> first.

#include <cofutures/error.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

#include <sys/types.h>

namespace cofutures {

/// A process pool that can run nothing any more; the cause, where there is one, is nested.
///
/// It broke because an initializer failed, workers kept dying while no task finished, no worker was left
/// and none could be started for `restart_period`, the fork server died, or `on_crash` wanted it.
///
/// **Python** `BrokenProcessPool`.
class broken_process_pool : public broken_executor {
public:
    using broken_executor::broken_executor;
};

/// The end of one task together with the worker that ran it; the pool goes on with a new worker.
class worker_failure : public error {
public:
    worker_failure(const std::string& what, pid_t pid) : error(what), pid_(pid) {}

    /// The process that ran the task.
    pid_t pid() const noexcept { return pid_; }

private:
    pid_t pid_ = 0;
};

/// A worker that ended while it ran the task: a signal, `exit`, or a kill from outside.
class worker_crashed : public worker_failure {
public:
    /// How a process ended.
    struct details {
        pid_t pid = 0;
        int signal = 0;      ///< 0 if it called `exit`
        int exit_status = 0; ///< 0 if a signal ended it
        std::string stderr_tail = {};
    };

    explicit worker_crashed(details how);

    /// The signal that ended the worker, or 0.
    int signal() const noexcept { return how_.signal; }

    /// What the worker passed to `exit`, or 0.
    int exit_status() const noexcept { return how_.exit_status; }

    /// The last lines that the worker wrote to standard error, up to 4 KiB.
    const std::string& stderr_tail() const noexcept { return how_.stderr_tail; }

private:
    details how_;
};

/// A task that was killed because it ran longer than its hard time limit.
class task_timed_out : public worker_failure {
public:
    task_timed_out(std::chrono::nanoseconds limit, pid_t pid);

    std::chrono::nanoseconds limit() const noexcept { return limit_; }

private:
    std::chrono::nanoseconds limit_;
};

/// A task that wanted more memory than the pool's `memory_limit` lets a worker grow.
class memory_limit_exceeded : public worker_failure {
public:
    memory_limit_exceeded(std::size_t limit, pid_t pid);

    std::size_t limit() const noexcept { return limit_; }

private:
    std::size_t limit_ = 0;
};

/// An exception of a task whose type is not registered; its `what()` is the original's.
///
/// **See** `process::register_exception`.
class remote_error : public error {
public:
    remote_error(std::string type_name, const std::string& what)
        : error(what), type_name_(std::move(type_name))
    {}

    /// The original's type as it is spelled in source code.
    const std::string& type_name() const noexcept { return type_name_; }

private:
    std::string type_name_;
};

/// A function that the worker does not have: its shared library was loaded after the fork server
/// started and cannot be loaded again.
class function_not_found : public error {
public:
    using error::error;
};

/// A process pool used in a worker process, where it has no thread behind it.
class wrong_process : public error {
public:
    using error::error;
};

} // namespace cofutures
