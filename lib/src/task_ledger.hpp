// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The books of an executor without workers of its own: who runs what, and how it ended. Internal.

#include <cofutures/executor.hpp>

#include "work_elsewhere.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace cofutures::detail {

/// Counts tasks and runs them in the calling thread.
///
/// **Thread safety** Safe, except for members that ask for the lock: they are called with it.
class task_ledger {
public:
    std::unique_lock<std::mutex> lock() const { return std::unique_lock(mutex_); }

    /// Throws `executor_shut_down` after `stop_intake`. With the lock.
    void admit() const;
    void stop_intake() noexcept { stopping_ = true; }

    /// Counts tasks that were cancelled in the queue. With the lock.
    void count_cancelled(std::size_t tasks) noexcept;

    /// Says that the calling thread will run a task it took from the queue. With the lock.
    void begin();

    /// Runs the task and counts its outcome before it shows. Without the lock, after `begin`.
    void run(task_state& work) noexcept;

    /// Waits until no other thread runs a task or the callbacks of one that it cancelled. With the lock;
    /// throws `deadlock_error`, naming `call`, if the calling thread runs a task itself.
    bool wait_until_none_runs(std::unique_lock<std::mutex>& lock,
                              const char* call,
                              const task_owner* owner,
                              std::optional<timeout::clock::time_point> deadline);

    /// The same for `owner`'s destructor: only for callbacks of cancelled tasks, and never refuses. The
    /// cancellations that go on in this thread own the ledger from then on. With the lock.
    void wait_for_cancellations(std::unique_lock<std::mutex>& lock,
                                const task_owner& owner,
                                const std::shared_ptr<void>& self);

    /// What a `task_owner` does when it is told: the one with the lock, the other without.
    void begin_cancellation() noexcept { elsewhere_.begin(); }
    void end_cancellation() noexcept;

    /// Throws `deadlock_error` if the calling thread is running a task. With the lock.
    void refuse_on_own_worker(const char* call) const;

    /// The counts so far. With the lock.
    executor_stats totals() const;

private:
    static void run_delayed_callbacks(std::unique_lock<std::mutex>& lock) noexcept;
    void end(phase outcome, timeout::clock::duration queued, timeout::clock::duration ran) noexcept;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    // Guarded by mutex_:
    bool stopping_ = false;
    work_elsewhere elsewhere_;
    executor_stats totals_;
    std::vector<std::thread::id> running_; // with repetition when tasks nest
    std::size_t in_callbacks_ = 0;         // of those, past their outcome
};

} // namespace cofutures::detail
