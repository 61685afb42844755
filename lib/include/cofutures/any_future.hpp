// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A future whose value type does not matter. Floor 1; everything here also holds for `future<T>`.

#include <cofutures/detail/callable.hpp>
#include <cofutures/detail/shared_state.hpp>
#include <cofutures/error.hpp>
#include <cofutures/error_handler.hpp>
#include <cofutures/timeout.hpp>

#include <compare>
#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <iosfwd>
#include <string>
#include <type_traits>
#include <utility>

namespace cofutures {

namespace detail {
struct future_access;
} // namespace detail

/// A handle to a result that may not exist yet, of any type.
///
/// A small copyable handle, like a `shared_ptr`: all copies see the same task. Handles compare, order
/// and hash by identity, so they serve as map keys. Dropping a handle neither waits for the task nor
/// cancels it. Every `future<T>` converts to an `any_future`, which lets `wait` and `as_completed`
/// mix value types.
///
/// **Python** `concurrent.futures.Future`, without `result()`: see `future<T>`.
/// **Thread safety** Distinct handles: safe, also where they share a task. One handle: all members
///   are `const` and safe together; assigning to it while others use it is not.
/// **Lifetime** A future may outlive its executor; it is then done.
/// **Throws** Except for `valid()`, comparison and destruction, every member throws
///   `invalid_state_error` when the handle has no task.
class any_future {
public:
    /// Makes a handle without a task.
    any_future() noexcept = default;

    any_future(const any_future& other) noexcept : state_(other.state_)
    {
        if (state_ != nullptr) {
            state_->add_future();
        }
    }
    any_future(any_future&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
    any_future& operator=(any_future other) noexcept
    {
        std::swap(state_, other.state_);
        return *this;
    }
    ~any_future()
    {
        if (state_ != nullptr) {
            state_->release_future();
        }
    }

    /// Whether the handle has a task.
    bool valid() const noexcept { return state_ != nullptr; }

    /// Whether the task has a result, failed, or was cancelled.
    bool done() const { return state().done(); }

    /// Whether the task has started and is not done.
    bool running() const;

    /// Whether the task was cancelled.
    bool cancelled() const { return state().current() == detail::phase::cancelled; }

    /// Asks that the task not run, and reports whether that was still possible.
    ///
    /// **Python** `Future.cancel()`, also true when already cancelled. Unlike Python it wakes `wait`
    ///   and `as_completed` itself.
    /// **Runs on** The task's captures are destroyed and done-callbacks run in this call.
    /// **Ordering** If this returns true, no part of the task has run or will run.
    /// **Cancellation** Queued: becomes cancelled. Running or finished: unchanged, returns false. When
    ///   two threads cancel at once, the second may return a moment before `done()` is true.
    bool cancel() const { return state().cancel(); }

    /// Asks the task to end early, whatever it is doing; true if this call changed something.
    ///
    /// Queued: cancels. Running: the task's `std::stop_token`, the coroutine's cancellation slot or
    /// the process pool's kill policy is told, once; the task decides. A running task that then throws
    /// `cancelled_error`, or a coroutine that ends with `operation_aborted`, is cancelled; any other
    /// outcome counts as it is. Finished: nothing.
    ///
    /// **Runs on** Stop callbacks of the task's token run in this call.
    bool request_stop() const { return state().request_stop(); }

    /// Waits until the task is done. **Blocks** until then.
    void wait() const { state().wait(std::nullopt); }

    /// Waits until the task is done or the duration has passed; returns whether it is done.
    bool wait_for(timeout limit) const { return state().wait(limit.deadline()); }

    /// Waits until the task is done or the time has come; returns whether it is done.
    bool wait_until(std::chrono::steady_clock::time_point time) const { return state().wait(time); }

    /// Waits for the failure; null when the task succeeded.
    ///
    /// **Python** `Future.exception()`.
    /// **Blocks** until the task is done, for `limit` at most.
    /// **Throws** `cancelled_error`, `timeout_error`.
    std::exception_ptr exception(timeout limit = {}) const;

    /// Calls `function(future)` once the task is done; at once if it is.
    ///
    /// Callbacks run in the order in which they were added, each exactly once. What one throws goes to
    /// the error handler; the others still run. The callback is destroyed after it ran.
    ///
    /// **Python** `Future.add_done_callback()`.
    /// **Runs on** the thread that finishes or cancels the task, or this one if it is done. Waiters
    ///   are woken first: `result()` may return in another thread before a callback has run. Where
    ///   callbacks finish futures whose callbacks finish futures, and so on more than 32 calls deep,
    ///   further callbacks wait until the innermost of those running has returned: stacks are finite.
    template <std::invocable<any_future> Function>
    void add_done_callback(Function&& function) const
    {
        add_callback<any_future>(std::forward<Function>(function));
    }

    /// Compares by identity: handles are equal when they share a task.
    friend bool operator==(const any_future& left, const any_future& right) noexcept
    {
        return left.state_ == right.state_;
    }
    friend std::strong_ordering operator<=>(const any_future& left,
                                            const any_future& right) noexcept
    {
        return std::compare_three_way()(left.state_, right.state_);
    }

protected:
    /// Takes over one future reference; null makes an invalid handle.
    explicit any_future(detail::shared_state* counted) noexcept : state_(counted) {}

    /// The state, or `invalid_state_error`.
    detail::shared_state& state() const
    {
        if (state_ == nullptr) {
            throw_no_state();
        }
        return *state_;
    }

    /// Waits and throws unless there is a value: `timeout_error`, `cancelled_error`, the task's own
    /// exception.
    void require_success(timeout limit) const;

    template <typename Handle, typename Function>
    void add_callback(Function&& function) const;

private:
    friend struct detail::future_access;

    [[noreturn]] static void throw_no_state();

    detail::shared_state* state_ = nullptr;
};

/// Python's `repr`: `<future 0x… state=finished returned int>`, `… raised std::out_of_range>`,
/// `state=pending`, `state=running`, `state=cancelled`; `<future invalid>` for an empty handle.
std::string to_string(const any_future& future);
std::ostream& operator<<(std::ostream& out, const any_future& future);

// Implementation

namespace detail {

struct future_access {
    static shared_state* state(const any_future& future) noexcept { return future.state_; }

    /// Makes a handle of type `Future` that shares `state`; its value type must fit.
    template <typename Future>
    static Future share(shared_state& state) noexcept
    {
        state.add_future();
        return Future(&state);
    }
};

template <typename Handle, typename Function>
class done_callback final : public completion_node {
public:
    template <typename F>
    done_callback(const Handle& future, F&& function)
        : completion_node(when::in_turn), future_(future), function_(std::forward<F>(function))
    {}

    completion_node* complete(shared_state& state) noexcept override
    {
        try {
            std::invoke(function_, Handle(future_));
        } catch (...) {
            report_error(
                {error_report::source::done_callback, std::current_exception(), state.task_name()});
        }
        delete this;
        return nullptr;
    }

private:
    Handle future_;
    Function function_;
};

} // namespace detail

template <typename Handle, typename Function>
void any_future::add_callback(Function&& function) const
{
    detail::require_plain_result<std::invoke_result_t<std::decay_t<Function>&, Handle>>();
    detail::require_callable(function, "cofutures: add_done_callback needs a callable, got null");
    auto& target = state();
    auto* const node = new detail::done_callback<Handle, std::decay_t<Function>>(
        detail::future_access::share<Handle>(target), std::forward<Function>(function));
    if (!target.add(*node)) {
        target.tell(*node);
    }
}

} // namespace cofutures

template <>
struct std::hash<cofutures::any_future> {
    std::size_t operator()(const cofutures::any_future& future) const noexcept
    {
        return std::hash<const void*>()(cofutures::detail::future_access::state(future));
    }
};
