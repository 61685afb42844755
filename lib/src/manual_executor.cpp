// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/error.hpp>
#include <cofutures/manual_executor.hpp>

#include "task_ledger.hpp"
#include "task_queue.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace cofutures {

class manual_executor::impl final : public detail::task_ledger, public detail::task_owner {
public:
    void cancelling() noexcept override
    {
        const auto guard = lock();
        begin_cancellation();
    }
    void cancelled() noexcept override { end_cancellation(); }

    void remove(detail::task_state& work) noexcept override
    {
        {
            const auto guard = lock();
            const auto timer = std::find_if(delayed.begin(), delayed.end(), [&](const auto& entry) {
                return entry.second == &work;
            });
            if (timer != delayed.end()) {
                delayed.erase(timer);
            } else if (!ready.erase(work)) {
                return;
            }
            count_cancelled(1);
        }
        work.state().release_owner();
    }

    /// With the lock.
    void move_clock(time_point to)
    {
        now = std::max(now, to);
        while (!delayed.empty() && delayed.begin()->first <= now) {
            ready.push(*delayed.begin()->second);
            delayed.erase(delayed.begin());
        }
    }

    detail::task_queue ready;
    std::multimap<time_point, detail::task_state*>
        delayed; // equal times keep the order of submission
    time_point now{};
};

manual_executor::manual_executor() : impl_(std::make_shared<impl>()) {}

manual_executor::~manual_executor()
{
    while (step_in_time()) {
    }
    auto lock = impl_->lock();
    impl_->wait_for_cancellations(lock, *impl_, impl_);
}

std::size_t manual_executor::queued() const
{
    const auto lock = impl_->lock();
    return impl_->ready.size();
}

std::size_t manual_executor::delayed() const
{
    const auto lock = impl_->lock();
    return impl_->delayed.size();
}

bool manual_executor::step()
{
    detail::task_state* work = nullptr;
    {
        const auto lock = impl_->lock();
        work = impl_->ready.pop();
        if (work == nullptr) {
            return false;
        }
        impl_->begin();
    }
    impl_->run(*work);
    return true;
}

bool manual_executor::step_in_time()
{
    {
        const auto lock = impl_->lock();
        if (impl_->ready.empty() && !impl_->delayed.empty()) {
            impl_->move_clock(impl_->delayed.begin()->first);
        }
    }
    return step();
}

std::size_t manual_executor::run()
{
    std::size_t ran = 0;
    for (std::size_t left = queued(); left != 0 && step(); --left) {
        ++ran;
    }
    return ran;
}

std::size_t manual_executor::drain()
{
    std::size_t ran = 0;
    while (step()) {
        ++ran;
    }
    return ran;
}

void manual_executor::run_until_done(const any_future& awaited)
{
    while (!awaited.done()) {
        if (!step_in_time() && !awaited.done()) {
            throw deadlock_error("cofutures: nothing is left to run that could finish " +
                                 to_string(awaited));
        }
    }
}

manual_executor::time_point manual_executor::now() const
{
    const auto lock = impl_->lock();
    return impl_->now;
}

void manual_executor::advance(duration by)
{
    if (by < duration::zero()) {
        throw std::invalid_argument("cofutures: a manual clock does not go back, got " +
                                    std::to_string(by.count()) + " ns");
    }
    const auto lock = impl_->lock();
    impl_->move_clock(detail::later(impl_->now, by));
}

void manual_executor::enqueue(task&& work)
{
    enqueue_after(duration::zero(), std::move(work));
}

void manual_executor::enqueue_after(duration delay, task&& work)
{
    detail::task_state* const state = detail::task_access::release(work);
    state->queued_at = timeout::clock::now();
    state->enter(*impl_);
    try {
        const auto lock = impl_->lock();
        impl_->admit();
        if (delay <= duration::zero()) {
            impl_->ready.push(*state);
        } else {
            impl_->delayed.emplace(detail::later(impl_->now, delay), state);
        }
    } catch (...) {
        state->leave();
        work = detail::task_access::adopt(state);
        throw;
    }
}

void manual_executor::shutdown(shutdown_options options)
{
    detail::task_chain unrun;
    {
        const auto lock = impl_->lock();
        impl_->stop_intake();
        if (options.cancel_futures) {
            impl_->move_clock(time_point::max());
            unrun = impl_->ready.take_all();
            impl_->count_cancelled(unrun.size());
        }
        impl_->begin_cancellation();
    }
    detail::cancel_chain(unrun, *impl_);
    if (options.wait) {
        {
            const auto lock = impl_->lock();
            impl_->refuse_on_own_worker("shutdown");
        }
        wait_idle();
    }
}

bool manual_executor::shutdown_for(timeout limit)
{
    shutdown({.wait = false});
    return wait_idle(limit);
}

bool manual_executor::wait_idle(timeout limit)
{
    const auto deadline = limit.deadline();
    {
        const auto lock = impl_->lock();
        impl_->refuse_on_own_worker("wait_idle");
    }
    while (step_in_time()) {
        if (deadline && timeout::clock::now() >= *deadline) {
            break;
        }
    }
    auto lock = impl_->lock();
    return impl_->wait_until_none_runs(lock, "wait_idle", impl_.get(), deadline) &&
           impl_->ready.empty() && impl_->delayed.empty();
}

executor_stats manual_executor::stats() const
{
    const auto lock = impl_->lock();
    executor_stats now = impl_->totals();
    now.queued = impl_->ready.size() + impl_->delayed.size();
    return now;
}

} // namespace cofutures
