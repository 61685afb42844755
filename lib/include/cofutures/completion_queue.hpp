// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Futures in the order in which they become done, with more to come. Floor 2; for a fixed set of
/// futures, as_completed.hpp is shorter.

#include <cofutures/detail/completion_core.hpp>
#include <cofutures/future.hpp>

#include <cstddef>
#include <optional>
#include <utility>

namespace cofutures {

namespace detail {

/// The future of an `async_pop`: the next in line, unless it is cancelled.
template <typename Future, typename Result>
class receiving_state final : public result_state<Result>, public completion_core::receiver {
public:
    shared_state& state() noexcept override { return *this; }

private:
    void receive(any_future done) noexcept override
    {
        this->finish_in_turn(this->store_outcome_of(
            [&] { return Result(future_access::share<Future>(*future_access::state(done))); }));
    }

    void drop_work() noexcept override { leave(); }
};

template <typename Future, typename Result>
future<Result> pop_as_future(completion_core& queue)
{
    auto* const next = new receiving_state<Future, Result>;
    const auto owner = owner_ptr<shared_state>::adopt(next);
    auto popped = future_access::share<future<Result>>(*next);
    queue.pop(*next);
    return popped;
}

} // namespace detail

/// A queue of futures that gives each out once it is done.
///
/// `Future` is `future<T>`, or `any_future` for mixed types. A future added twice comes out twice.
///
/// **Python** none; replaces calling `wait(…, FIRST_COMPLETED)` in a loop, which is quadratic.
/// **Thread safety** `add`, `pop`, `try_pop`, `async_pop` and `size` are safe together; moving and
///   destroying are not.
/// **Ordering** Completion order; futures that are done when added keep the order of adding.
/// **Lifetime** A destroyed queue leaves its futures alone and cancels what `async_pop` returned.
template <typename Future>
class completion_queue {
public:
    completion_queue() = default;

    /// Adds a future, done or not.
    ///
    /// **Throws** `invalid_state_error` for a handle without a task.
    void add(Future future)
    {
        static_cast<void>(future.done()); // refuses an invalid handle
        core_.add(std::move(future));
    }

    /// Waits for the next done future and takes it out.
    ///
    /// **Blocks** until there is one, for `limit` at most; also while the queue is empty, since
    ///   another thread may add.
    /// **Throws** `timeout_error`.
    Future pop(timeout limit = {})
    {
        const any_future next = core_.pop(limit.deadline());
        if (!next.valid()) {
            throw timeout_error();
        }
        return typed(next);
    }

    /// Takes out a done future if there is one now.
    std::optional<Future> try_pop()
    {
        const any_future next = core_.pop(timeout(std::chrono::seconds(0)).deadline());
        return next.valid() ? std::optional<Future>(typed(next)) : std::nullopt;
    }

    /// The next done future as a future: `future<T> next = co_await queue.async_pop();`
    ///
    /// Calls are served in order. One that is cancelled before its turn takes nothing out and leaves the
    /// line, with its memory.
    ///
    /// **Runs on** its callbacks run in the thread that completes the task.
    future<Future> async_pop() { return detail::pop_as_future<Future, Future>(core_); }

    /// How many futures were added and not taken out.
    std::size_t size() const noexcept { return core_.size(); }
    bool empty() const noexcept { return size() == 0; }

private:
    static Future typed(const any_future& future)
    {
        return detail::future_access::share<Future>(*detail::future_access::state(future));
    }

    detail::completion_core core_;
};

} // namespace cofutures
