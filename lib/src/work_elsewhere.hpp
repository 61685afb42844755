// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What threads that are not an executor's own do for it. Internal.

#include <cofutures/detail/task_state.hpp>

#include "task_queue.hpp"

#include <cstddef>
#include <memory>
#include <utility>

namespace cofutures::detail {

/// Counts the cancellations whose callbacks may still run, and the tasks that were passed on to another
/// executor. Not thread-safe: the executor's lock guards it.
class work_elsewhere {
public:
    /// Whether a thread has to wait for any of it. `here` is what `cancel_scope::count` says in that
    /// thread: it cannot wait for itself.
    bool goes_on(std::size_t here) const noexcept { return count_ > here; }

    void begin() noexcept
    {
        if (count_++ == 0) {
            kept_ = abandoned_.lock();
        }
    }

    /// The pointer returned must be dropped without the lock.
    [[nodiscard]] std::shared_ptr<void> end() noexcept
    {
        return --count_ == 0 ? std::exchange(kept_, nullptr) : nullptr;
    }

    /// The executor's user is gone, because its own worker or one of these very callbacks destroyed it:
    /// from now on this work owns what it will tell.
    void own(const std::shared_ptr<void>& executor) noexcept
    {
        abandoned_ = executor;
        if (count_ != 0) {
            kept_ = executor;
        }
    }

private:
    std::size_t count_ = 0;
    std::shared_ptr<void> kept_;
    std::weak_ptr<void> abandoned_;
};

/// Cancels the tasks that were taken out of a queue all at once. `work_elsewhere::begin` was called, under
/// the same lock: for those who wait it is one cancellation, so that none goes on between two tasks.
inline void cancel_chain(task_chain& chain, task_owner& owner) noexcept
{
    cancel_scope scope;
    scope.open(&owner, nullptr);
    chain.cancel();
    scope.close();
    owner.cancelled();
}

} // namespace cofutures::detail
