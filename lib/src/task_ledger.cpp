// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "task_ledger.hpp"

#include <cofutures/error.hpp>

#include <algorithm>
#include <string>

namespace cofutures::detail {

void task_ledger::admit() const
{
    if (stopping_) {
        throw executor_shut_down();
    }
}

void task_ledger::count_cancelled(std::size_t tasks) noexcept
{
    totals_.cancelled += tasks;
}

void task_ledger::begin()
{
    running_.push_back(std::this_thread::get_id());
}

void task_ledger::run(task_state& work) noexcept
{
    shared_state& state = work.state();
    completion_list callbacks;
    if (state.start()) {
        const auto begun = timeout::clock::now();
        const phase outcome = work.perform();
        end(outcome, begun - work.queued_at, timeout::clock::now() - begun);
        callbacks = state.publish(outcome);
    } else {
        work.leave_to_canceller();
        end(phase::cancelled, {}, {});
    }
    state.run_callbacks(callbacks);
    state
        .release_owner(); // may report the failure: whoever waits for this executor finds that done
    std::lock_guard lock(mutex_);
    --in_callbacks_;
    running_.erase(
        std::find(running_.rbegin(), running_.rend(), std::this_thread::get_id()).base() - 1);
    changed_.notify_all();
}

void task_ledger::end(phase outcome,
                      timeout::clock::duration queued,
                      timeout::clock::duration ran) noexcept
{
    std::lock_guard lock(mutex_);
    ++in_callbacks_;
    totals_.queue_time += queued;
    totals_.run_time += ran;
    switch (outcome) {
    case phase::succeeded:
        ++totals_.finished;
        break;
    case phase::failed:
        ++totals_.failed;
        break;
    default:
        ++totals_.cancelled;
        break;
    }
}

void task_ledger::refuse_on_own_worker(const char* call) const
{
    if (std::find(running_.begin(), running_.end(), std::this_thread::get_id()) != running_.end()) {
        throw deadlock_error(std::string("cofutures: ") + call +
                             "() in a task of the same executor would wait for itself");
    }
}

/// A task that another thread runs may wait for one of them.
void task_ledger::run_delayed_callbacks(std::unique_lock<std::mutex>& lock) noexcept
{
    lock.unlock();
    shared_state::run_delayed_callbacks();
    lock.lock();
}

bool task_ledger::wait_until_none_runs(std::unique_lock<std::mutex>& lock,
                                       const char* call,
                                       const task_owner* owner,
                                       std::optional<timeout::clock::time_point> deadline)
{
    refuse_on_own_worker(call);
    run_delayed_callbacks(lock);
    const std::size_t here = owner != nullptr ? cancel_scope::count(owner) : 0;
    const auto none = [&] { return running_.empty() && !elsewhere_.goes_on(here); };
    if (deadline) {
        return changed_.wait_until(lock, *deadline, none);
    }
    changed_.wait(lock, none);
    return true;
}

void task_ledger::wait_for_cancellations(std::unique_lock<std::mutex>& lock,
                                         const task_owner& owner,
                                         const std::shared_ptr<void>& self)
{
    run_delayed_callbacks(lock);
    const std::size_t here = cancel_scope::count(&owner);
    changed_.wait(lock, [&] { return !elsewhere_.goes_on(here); });
    elsewhere_.own(self);
}

void task_ledger::end_cancellation() noexcept
{
    std::shared_ptr<void> kept; // dropped after the lock
    std::lock_guard lock(mutex_);
    kept = elsewhere_.end();
    changed_.notify_all();
}

executor_stats task_ledger::totals() const
{
    executor_stats now = totals_;
    now.running = running_.size() - in_callbacks_;
    return now;
}

} // namespace cofutures::detail
