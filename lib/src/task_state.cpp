// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/detail/task_state.hpp>

#include <mutex>

namespace cofutures::detail {

namespace {

thread_local cancel_scope* innermost_scope = nullptr;

} // namespace

void cancel_scope::open(const task_owner* owner, const task_watcher* watcher) noexcept
{
    owner_ = owner;
    watcher_ = watcher;
    outer_ = std::exchange(innermost_scope, this);
}

void cancel_scope::close() noexcept
{
    innermost_scope = outer_; // callbacks nest
}

std::size_t cancel_scope::count(const task_owner* owner, const task_watcher* watcher) noexcept
{
    std::size_t scopes = 0;
    for (const cancel_scope* scope = innermost_scope; scope != nullptr; scope = scope->outer_) {
        if (scope->owner_ == owner) {
            ++scopes;
        }
        if (watcher != nullptr && scope->watcher_ == watcher) {
            ++scopes;
        }
    }
    return scopes;
}

bool task_state::abandon(std::exception_ptr reason) noexcept
{
    shared_state& target = state();
    if (!target.claim()) {
        return false;
    }
    destroy_work();
    target.store_error(std::move(reason));
    target.finish(phase::failed);
    return true;
}

void task_state::enter(task_owner& owner) noexcept
{
    const std::lock_guard lock(owner_lock_);
    owner_ = &owner;
}

void task_state::leave() noexcept
{
    const std::lock_guard lock(owner_lock_);
    if (cancellation_ != cancellation::announced) {
        owner_ = nullptr;
    }
}

/// With the lock, which keeps the owner from ending: it has the task, or is told first.
void task_state::announce() noexcept
{
    if (cancellation_ == cancellation::none && owner_ != nullptr) {
        cancellation_ = cancellation::announced;
        owner_->cancelling();
    }
}

void task_state::leave_to_canceller() noexcept
{
    task_watcher* told = nullptr;
    {
        const std::lock_guard lock(owner_lock_);
        announce();
        if (cancellation_ == cancellation::over) {
            told = std::exchange(watcher_, nullptr);
        }
    }
    if (told != nullptr) {
        told->let_go(false);
    }
}

void task_state::remove_from_owner() noexcept
{
    const std::lock_guard lock(owner_lock_);
    announce();
    if (owner_ != nullptr) {
        owner_->remove(*this);
    }
    scope_.open(owner_, watcher_);
}

void task_state::tell_owner() noexcept
{
    scope_.close();
    task_owner* owner = nullptr;
    task_watcher* watcher = nullptr;
    {
        const std::lock_guard lock(owner_lock_);
        if (std::exchange(cancellation_, cancellation::over) == cancellation::announced) {
            owner = std::exchange(owner_, nullptr);
            watcher = std::exchange(watcher_, nullptr);
        }
    }
    if (owner != nullptr) {
        owner->cancelled();
    }
    if (watcher != nullptr) {
        watcher->let_go(false);
    }
}

void task_state::watch(task_watcher& watcher) noexcept
{
    const std::lock_guard lock(owner_lock_);
    watcher_ = &watcher;
}

bool task_state::unwatch() noexcept
{
    const std::lock_guard lock(owner_lock_);
    return std::exchange(watcher_, nullptr) != nullptr;
}

task_watcher* task_state::watcher() noexcept
{
    const std::lock_guard lock(owner_lock_);
    return watcher_;
}

} // namespace cofutures::detail
