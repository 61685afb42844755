// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The untyped queue behind `completion_queue` and `as_completed`. Floor 2, internal.

#include <cofutures/any_future.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>

namespace cofutures::detail {

/// Collects futures as they become done; those that are done when added keep that order.
class completion_core {
public:
    /// Receives one done future, with no lock held.
    class receiver {
    public:
        virtual ~receiver() = default;

        /// False if nobody wants it any more; then the future goes to the next in line.
        virtual bool receive(any_future& done) noexcept = 0;

        /// The queue was destroyed before its turn came.
        virtual void close() noexcept = 0;
    };

    completion_core();
    ~completion_core();
    completion_core(completion_core&&) noexcept;
    completion_core& operator=(completion_core&&) noexcept;

    void add(any_future future);

    /// The next done future; an invalid handle if the deadline came first.
    any_future pop(std::optional<std::chrono::steady_clock::time_point> deadline);

    /// Gives the next done future to `next`, now or later, in order of these calls.
    void pop(std::unique_ptr<receiver> next);

    /// How many futures were added and not yet popped.
    std::size_t size() const noexcept;

private:
    struct impl;

    void close() noexcept;

    std::shared_ptr<impl> impl_;
};

} // namespace cofutures::detail
