// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The untyped queue behind `completion_queue` and `as_completed`. Floor 2, internal.

#include <cofutures/any_future.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace cofutures::detail {

/// Collects futures as they become done; those that are done when added keep that order.
class completion_core {
public:
    /// A state whose value is a future popped; stands in line until its turn comes or it is cancelled.
    class receiver;

    completion_core();
    ~completion_core();
    completion_core(completion_core&&) noexcept;
    completion_core& operator=(completion_core&&) noexcept;

    void add(any_future future);

    /// The next done future; an invalid handle if the deadline came first.
    any_future pop(std::optional<std::chrono::steady_clock::time_point> deadline);

    /// Gives the next done future to `next`, now or later, in order of these calls. Nobody else has a
    /// handle to it yet.
    void pop(receiver& next);

    /// How many futures were added and not yet popped.
    std::size_t size() const noexcept;

    /// The same, without as many as there are receivers in line.
    std::size_t unclaimed() const noexcept;

private:
    struct impl;

    void close() noexcept;

    std::shared_ptr<impl> impl_;
};

class completion_core::receiver : public completion_node {
public:
    virtual shared_state& state() noexcept = 0;

    completion_node* complete(shared_state&) noexcept final
    {
        receive(std::move(received_));
        return nullptr;
    }

protected:
    receiver() noexcept : completion_node(when::in_turn) {}

    /// Stores the future, finishes in turn; the state was claimed. Called with no lock held.
    virtual void receive(any_future done) noexcept = 0;

    /// Gives up the place in line; for `drop_work()`.
    void leave() noexcept;

private:
    friend class completion_core;
    friend struct impl;

    std::weak_ptr<impl> queue_; // set before anybody can cancel
    any_future received_;       // set when the turn comes
    // Guarded by the queue's lock:
    receiver* next_ = nullptr;
    receiver* previous_ = nullptr;
    bool in_line_ = false;
};

} // namespace cofutures::detail
