// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Work that runs once and whose outcome a future shows: one block holds everything. Floor 1, internal.

#include <cofutures/detail/result_state.hpp>
#include <cofutures/detail/type_name.hpp>

#include <chrono>
#include <concepts>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace cofutures {
class executor;
}

namespace cofutures::detail {

class task_state;

/// A queue that can give up a task again when it is cancelled.
class task_owner {
public:
    /// Takes the task out, if it is still there, and releases the queue's reference to it.
    virtual void remove(task_state& task) noexcept = 0;

protected:
    ~task_owner() = default;
};

/// The part of a submitted task's state that executors see.
class task_state {
public:
    task_state(const task_state&) = delete;
    task_state& operator=(const task_state&) = delete;

    /// The task's shared state; whoever holds the task owns one reference to it.
    virtual shared_state& state() noexcept = 0;

    /// Runs the work, stores what came of it and destroys it. Only after `state().start()`. The
    /// outcome is for `state().finish()`.
    virtual phase perform() noexcept = 0;

    /// Fails a task that has not started; does nothing if it was cancelled.
    void abandon(std::exception_ptr reason) noexcept;

    /// Says which queue the task is about to enter.
    void enter(task_owner& owner) noexcept
    {
        const std::lock_guard lock(owner_lock_);
        owner_ = &owner;
    }

    /// Ends what `enter` began. Waits for a `cancel()` that is busy with the queue: after this call
    /// the queue may be destroyed.
    void leave() noexcept
    {
        const std::lock_guard lock(owner_lock_);
        owner_ = nullptr;
    }

    // Links for the queue that holds the task; guarded by that queue's lock.
    task_state* next = nullptr;
    task_state* previous = nullptr;

    /// When the task entered its queue; written by the submitting thread before that.
    std::chrono::steady_clock::time_point queued_at;

protected:
    task_state() noexcept = default;
    ~task_state() = default;

    void remove_from_owner() noexcept
    {
        const std::lock_guard lock(owner_lock_);
        if (owner_ != nullptr) {
            std::exchange(owner_, nullptr)->remove(*this);
        }
    }

    virtual void destroy_work() noexcept = 0;

private:
    tiny_lock owner_lock_;
    task_owner* owner_ = nullptr; // guarded by owner_lock_
};

/// Passes a continuation's task to an executor; what `enqueue` throws fails the task.
void enqueue_on(executor& executor, task_state& task) noexcept;

template <typename Function>
void require_callable(const Function& function)
{
    if constexpr (!std::is_function_v<Function> && requires { function == nullptr; }) {
        if (function == nullptr) {
            throw std::invalid_argument("cofutures: a task needs a callable, got null");
        }
    }
}

/// `f(args…)` as std::thread would call it: everything decay-copied, passed as rvalues.
template <typename Function, typename... Args>
concept plain_call = std::invocable<std::decay_t<Function>, std::decay_t<Args>...>;

/// The call with a stop token in front; the form chosen only where the plain one does not exist.
template <typename Function, typename... Args>
concept stoppable_call =
    !plain_call<Function, Args...> &&
    std::invocable<std::decay_t<Function>, std::stop_token, std::decay_t<Args>...>;

template <typename Function, typename... Args>
concept task_call = plain_call<Function, Args...> || stoppable_call<Function, Args...>;

template <typename Function, typename... Args>
struct call_result {
    using type =
        std::invoke_result_t<std::decay_t<Function>, std::stop_token, std::decay_t<Args>...>;
};
template <typename Function, typename... Args>
    requires plain_call<Function, Args...>
struct call_result<Function, Args...> {
    using type = std::invoke_result_t<std::decay_t<Function>, std::decay_t<Args>...>;
};

/// The `T` of the future for a result of type `R`: lvalue references stay, everything else is a value.
template <typename R>
using future_value_t = std::conditional_t<std::is_lvalue_reference_v<R>, R, std::remove_cvref_t<R>>;

template <typename Function, typename... Args>
using call_result_t = typename call_result<Function, Args...>::type;

/// An awaitable of any coroutine library; a task that returns one has not run yet.
template <typename T>
concept awaitable_like = requires(T awaitable)
{
    awaitable.await_ready();
};

struct no_stop_source {
    void request_stop() const noexcept {}
};

/// State, result, callable and arguments of one submitted call, in one allocation.
template <typename Result, typename Function, typename... Args>
class call_state : public result_state<Result>, public task_state {
    static constexpr bool wants_token = !std::invocable<Function, Args...>;

public:
    template <typename F, typename... As>
    explicit call_state(F&& function, As&&... args)
    {
        std::construct_at(
            std::addressof(call_), std::forward<F>(function), std::forward<As>(args)...);
    }

    shared_state& state() noexcept final { return *this; }

    phase perform() noexcept final
    {
        const phase outcome = this->store_outcome_of([this]() -> decltype(auto) {
            return std::apply(
                [&](Function& function, Args&... args) -> decltype(auto) {
                    if constexpr (wants_token) {
                        return std::invoke(
                            std::move(function), stop_.get_token(), std::move(args)...);
                    } else {
                        return std::invoke(std::move(function), std::move(args)...);
                    }
                },
                call_);
        });
        // Before the future is done: whoever sees the result sees the captures gone.
        destroy_work();
        return outcome;
    }

    std::string task_name() const override { return demangled(typeid(Function)); }

protected:
    ~call_state() override {} // call_ is destroyed by then: every way to a done phase does that

    void drop_work() noexcept final
    {
        remove_from_owner();
        destroy_work();
    }

    void on_stop_requested() noexcept final { stop_.request_stop(); }

private:
    void destroy_work() noexcept final { std::destroy_at(std::addressof(call_)); }

    union {
        std::tuple<Function, Args...> call_; // alive until the task has run or will not run
    };
    [[no_unique_address]] std::conditional_t<wants_token, std::stop_source, no_stop_source> stop_;
};

template <typename Result, typename Function, typename... Args>
class final_call_state final : public call_state<Result, Function, Args...> {
public:
    using call_state<Result, Function, Args...>::call_state;
};

} // namespace cofutures::detail
