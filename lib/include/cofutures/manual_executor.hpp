// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// An executor whose tasks run when a test says so, with a clock that moves when a test says so. Floor 4.

#include <cofutures/executor.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

namespace cofutures {

/// Keeps tasks until they are run by hand.
///
/// For deterministic tests: the order of execution is the order of submission, and time is an
/// argument. `submit_after` queues a task when the virtual clock, moved by `advance`, reaches its time.
///
/// **Runs on** the thread that calls `step`, `run`, `drain`, `run_until_done`, `wait_idle` or `shutdown`.
/// **Lifetime** The destructor runs what is queued and, in order of their times, what is delayed.
/// **Throws** Waiting members throw `deadlock_error` inside one of the executor's own tasks.
class manual_executor final : public executor {
public:
    using time_point = std::chrono::steady_clock::time_point;
    using duration = std::chrono::steady_clock::duration;

    manual_executor();
    ~manual_executor() override;

    /// How many tasks are ready to run.
    std::size_t queued() const;

    /// How many tasks wait for their time.
    std::size_t delayed() const;

    /// Runs the oldest ready task; false if there is none.
    bool step();

    /// Runs the tasks that are ready now, not the ones they submit; returns how many.
    std::size_t run();

    /// Runs tasks until none is ready; returns how many.
    std::size_t drain();

    /// Runs tasks, and moves the clock to the next delayed one when none is ready, until the future is
    /// done.
    ///
    /// **Throws** `deadlock_error` when nothing is left that could finish it: this test would have hung.
    void run_until_done(const any_future& awaited);

    /// The virtual time; it begins at the clock's epoch.
    time_point now() const;

    /// Moves the clock and makes the tasks ready whose time has come, earliest first. Runs nothing.
    ///
    /// **Throws** `std::invalid_argument` for a negative duration.
    void advance(duration by);

    /// Queues the call once the clock has moved on by `delay`; otherwise as `submit`.
    template <typename Function, typename... Args>
        requires detail::task_call<Function, Args...>
    auto submit_after(duration delay, Function&& function, Args&&... args)
    {
        auto [work, made] =
            make_call(std::forward<Function>(function), std::forward<Args>(args)...);
        enqueue_after(delay, std::move(work));
        return std::move(made);
    }

    /// Runs everything here, as nobody else would, unless told not to wait; see `executor::shutdown`.
    void shutdown(shutdown_options options = {}) override;
    bool shutdown_for(timeout limit) override;
    bool wait_idle(timeout limit = {}) override;
    executor_stats stats() const override;

private:
    void enqueue(task&& work) override;
    void enqueue_after(duration delay, task&& work);
    bool step_in_time();

    class impl;
    std::shared_ptr<impl> impl_;
};

static_assert(executor_like<manual_executor>);

} // namespace cofutures
