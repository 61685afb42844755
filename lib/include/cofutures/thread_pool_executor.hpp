// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A pool of threads for blocking calls. Floor 4.

#include <cofutures/executor.hpp>
#include <cofutures/initializer.hpp>
#include <cofutures/this_worker.hpp>
#include <cofutures/worker_count.hpp>

#include <concepts>
#include <memory>
#include <string>

namespace cofutures {

struct thread_pool_options {
    /// At most this many threads; by default `min(32, usable_cpus() + 4)`, a number for calls that
    /// mostly wait. For CPU-bound work use `usable_cpus()`.
    worker_count max_workers = {};

    /// Threads are called `PREFIX_0`, `PREFIX_1`, …; by default `thread_pool_executor-K`, with K counted
    /// per process.
    std::string thread_name_prefix = {};

    /// Called by each thread before its first task. If it throws, the pool is broken for good: queued
    /// and later tasks fail with `broken_thread_pool`, running ones finish.
    cofutures::initializer initializer = {};
};

/// Runs calls on threads that it owns.
///
/// Threads start when there is work and no thread is idle, and stay until shutdown. Tasks begin in the
/// order of submission; a task that waits for another one of the same pool needs a second worker.
///
/// **Python** `ThreadPoolExecutor`, whose collected pools leave their threads behind.
/// **Lifetime** The destructor is `shutdown()`: it lets all accepted work finish. Destroyed on one of its
///   own workers it is `shutdown({.wait = false})`. In a forked child the pool is dead: submitting and
///   `wait_idle` throw `executor_shut_down`, shutting down and destroying it do nothing.
/// **Throws** `std::invalid_argument` for a worker count of 0 or less; `submit` throws
///   `std::system_error` when the system refuses the very first thread.
class thread_pool_executor final : public executor {
public:
    explicit thread_pool_executor(thread_pool_options options = {});

    /// Python's positional form: `thread_pool_executor pool(3, "fetch");`
    template <std::integral Integer>
    explicit thread_pool_executor(Integer max_workers,
                                  std::string thread_name_prefix = {},
                                  cofutures::initializer init = {})
        : thread_pool_executor(thread_pool_options{
              worker_count(max_workers), std::move(thread_name_prefix), std::move(init)})
    {}

    ~thread_pool_executor() override;

    /// The most threads the pool will have.
    std::size_t max_workers() const noexcept;

    void shutdown(shutdown_options options = {}) override;
    bool shutdown_for(timeout limit) override;
    bool wait_idle(timeout limit = {}) override;
    executor_stats stats() const override;

private:
    void enqueue(task&& work) override;

    class impl;
    std::shared_ptr<impl> impl_;
};

static_assert(executor_like<thread_pool_executor>);

} // namespace cofutures
