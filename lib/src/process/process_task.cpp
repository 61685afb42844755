// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/detail/process_task.hpp>

#include "pool_core.hpp"
#include "status_page.hpp"

#include <mutex>
#include <utility>

namespace cofutures::detail {

namespace {

thread_local process_task* innermost_cancelled = nullptr;

} // namespace

void process_task::fail(const std::exception_ptr& failure) noexcept
{
    if (state().claim()) {
        state().finish(store_failure(failure));
    }
}

bool process_task::assign(std::shared_ptr<status_page> page, std::uint64_t sequence) noexcept
{
    const std::lock_guard lock(lock_);
    if (revoked_) {
        return false;
    }
    page_ = std::move(page);
    sequence_ = sequence;
    return true;
}

void process_task::unassign() noexcept
{
    const std::lock_guard lock(lock_);
    page_.reset();
}

bool process_task::revoked() const noexcept
{
    const std::lock_guard lock(lock_);
    return revoked_;
}

bool process_task::revoke() noexcept
{
    if (pool->is_inherited()) {
        return true; // the copy here; the task goes on where it was submitted
    }
    const std::lock_guard lock(lock_);
    if (revoked_) {
        return true;
    }
    if (page_ != nullptr && !page_->move(sequence_, slot_state::queued, slot_state::revoked) &&
        !page_->is(sequence_, slot_state::revoked)) {
        return false; // the worker has it
    }
    // From here on no worker can have it: assign() refuses.
    revoked_ = true;
    return true;
}

bool process_task::begun_in_worker() const noexcept
{
    const std::lock_guard lock(lock_);
    return page_ != nullptr &&
           (page_->is(sequence_, slot_state::running) || page_->is(sequence_, slot_state::done));
}

void process_task::dropped() noexcept
{
    outer_ = std::exchange(innermost_cancelled, this);
    if (pool->is_inherited()) {
        return;
    }
    {
        const std::lock_guard lock(lock_);
        if (page_ == nullptr) {
            call.clear(); // otherwise the pool may be copying it
        }
    }
    pool->on_cancelled(*this);
}

void process_task::told() noexcept
{
    innermost_cancelled = outer_;
    if (!pool->is_inherited()) {
        pool->on_cancellation_told();
    }
}

std::size_t process_task::telling_here(const process_pool_core& pool) noexcept
{
    std::size_t tasks = 0;
    for (const process_task* task = innermost_cancelled; task != nullptr; task = task->outer_) {
        tasks += task->pool.get() == &pool ? 1U : 0U;
    }
    return tasks;
}

void process_task::forward_stop() noexcept
{
    if (pool->is_inherited()) {
        return;
    }
    const std::lock_guard lock(lock_);
    if (page_ != nullptr) {
        page_->request_stop(sequence_);
        pool->on_stop_requested(sequence_, page_);
    }
}

} // namespace cofutures::detail
