// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What can be asked of a process pool, and what it tells about itself. Floor 4.

#include <cofutures/executor.hpp>
#include <cofutures/process/call.hpp>
#include <cofutures/process/init.hpp>
#include <cofutures/worker_count.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace cofutures {

namespace process {

/// What becomes of the pool when a worker crashes.
enum class on_crash {
    /// The task that ran fails with `worker_crashed`; the worker is replaced.
    replace_worker,
    /// Python's way: all unfinished tasks fail with `broken_process_pool`.
    break_pool,
};

/// What one task may take; a limit of zero means the pool's, `nanoseconds::max()` none at all.
struct task_options {
    std::string name = {};
    std::chrono::nanoseconds soft_time_limit{0};
    std::chrono::nanoseconds hard_time_limit{0};
};

/// What one worker process has done.
struct worker_stats {
    pid_t pid = 0; ///< in a snapshot never 0
    std::uint64_t tasks_done = 0;
    std::chrono::nanoseconds cpu_time{};
    std::size_t peak_memory = 0; ///< bytes resident, at most
};

} // namespace process

/// A snapshot of a process pool.
struct process_pool_stats : executor_stats {
    std::uint64_t restarts = 0;                    ///< workers started in place of others
    std::vector<process::worker_stats> per_worker; ///< without those that are being started
};

struct process_pool_options {
    /// How many workers; by default the number of usable CPUs.
    worker_count max_workers = {};

    process::start_method start_method = process::start_method::fork_server;

    /// Called in every worker before its first task. If it fails, the pool is broken.
    std::optional<process::call> initializer = {};

    /// A worker is replaced after so many tasks; absent or the greatest number: never.
    std::optional<std::size_t> max_tasks_per_child = {};

    /// A task that runs longer than `soft_time_limit` finds its stop token stopped; one that runs longer
    /// than `hard_time_limit` is killed and fails with `task_timed_out`. The clock starts when the task
    /// does. Zero or `nanoseconds::max()`: no limit.
    std::chrono::nanoseconds soft_time_limit{0};
    std::chrono::nanoseconds hard_time_limit{0};

    /// How many bytes a worker may grow beyond its size at the start. Beyond it allocations fail, which
    /// ends the task with `memory_limit_exceeded`; a worker that keeps too much is replaced. Absent or
    /// the greatest number: no limit.
    std::optional<std::size_t> memory_limit = {};

    process::on_crash on_crash = process::on_crash::replace_worker;

    /// How long after `request_stop()` a running task is killed; absent or `nanoseconds::max()`: never,
    /// it is only asked.
    std::optional<std::chrono::nanoseconds> kill_after_stop = {};

    /// How often workers may die within `restart_period`, beyond the number of workers, while no task
    /// finishes, before the pool gives up. Catches programs that cannot work at all, such as a crash before
    /// the first task; where some tasks return or throw, any number of others may crash. The greatest
    /// number: no limit.
    std::size_t max_restarts = 100;

    /// Over how long deaths are counted; also, for how long the pool tries to start a worker while it has
    /// none left. `nanoseconds::max()`: for ever.
    ///
    /// A worker that cannot be replaced for want of descriptors, processes or memory is tried again, with
    /// exponential back-off, while the others go on; such a shortage kills no worker and fails no task.
    std::chrono::nanoseconds restart_period = std::chrono::seconds(10);

    /// How often a task whose worker was killed or crashed is run again before it fails. Only for
    /// tasks that may run twice: the first run may have had effects.
    std::size_t crash_retries = 0;

    /// Whether workers' standard error goes through the pool, which passes it on and keeps the last
    /// lines for `worker_crashed`. Otherwise workers write to the program's standard error directly.
    ///
    /// It is passed on line by line, by a thread of its own. While nobody reads the program's standard
    /// error, 64 KiB wait; then the workers that write wait, but never results and limits. The end of the
    /// pool waits until all is written, or nothing was for a second.
    bool capture_stderr = true;
};

} // namespace cofutures
