// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A first-in first-out queue of tasks, linked through the tasks themselves. Internal.

#include <cofutures/task.hpp>

#include <cstddef>
#include <utility>

namespace cofutures::detail {

/// Tasks taken out of a queue all at once, with their references. The queue does not find them any
/// more: one that is cancelled now, maybe by the callback of another one, is left to whoever pops it.
class task_chain {
public:
    task_chain() = default;
    task_chain(task_state* first, std::size_t size) noexcept : first_(first), size_(size) {}

    /// How many tasks there are; asked before the first `pop`.
    std::size_t size() const noexcept { return size_; }

    /// The oldest task, or null. Needs no lock.
    task_state* pop() noexcept
    {
        return first_ != nullptr ? std::exchange(first_, first_->next) : nullptr;
    }

    /// Cancels all of them, in this thread, where their callbacks run.
    void cancel() noexcept
    {
        while (task_state* const work = pop()) {
            work->state().cancel();
            work->state().release_owner();
        }
    }

private:
    task_state* first_ = nullptr;
    std::size_t size_ = 0;
};

/// Holds the references of its tasks. Not thread-safe: the executor's lock guards it.
class task_queue {
public:
    task_queue() = default;
    task_queue(const task_queue&) = delete;
    task_queue& operator=(const task_queue&) = delete;

    bool empty() const noexcept { return first_ == nullptr; }
    std::size_t size() const noexcept { return size_; }

    void push(task_state& work) noexcept
    {
        work.previous = last_;
        work.next = nullptr;
        (last_ != nullptr ? last_->next : first_) = &work;
        last_ = &work;
        ++size_;
    }

    /// The oldest task, or null.
    task_state* pop() noexcept
    {
        task_state* const work = first_;
        if (work != nullptr) {
            unlink(*work);
        }
        return work;
    }

    /// Takes out a task that may be anywhere; false if it is not in the queue.
    bool erase(task_state& work) noexcept
    {
        if (work.previous == nullptr && first_ != &work) {
            return false;
        }
        unlink(work);
        return true;
    }

    /// Takes out everything.
    task_chain take_all() noexcept
    {
        for (task_state* work = first_; work != nullptr; work = work->next) {
            work->previous = nullptr; // what erase() goes by
        }
        last_ = nullptr;
        return {std::exchange(first_, nullptr), std::exchange(size_, 0)};
    }

private:
    void unlink(task_state& work) noexcept
    {
        (work.previous != nullptr ? work.previous->next : first_) = work.next;
        (work.next != nullptr ? work.next->previous : last_) = work.previous;
        work.previous = nullptr;
        work.next = nullptr;
        --size_;
    }

    task_state* first_ = nullptr;
    task_state* last_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace cofutures::detail
