// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Work that runs once and whose outcome a future shows: one block holds everything. Floor 1, internal.

#include <cofutures/detail/callable.hpp>
#include <cofutures/detail/result_state.hpp>
#include <cofutures/detail/type_name.hpp>

#include <chrono>
#include <concepts>
#include <functional>
#include <memory>
#include <mutex>
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
///
/// Every cancellation of a task that has entered is announced by `cancelling` and ended by `cancelled`,
/// between which the owner must not end and must not call itself idle: callbacks may run.
class task_owner {
public:
    virtual void cancelling() noexcept = 0;

    /// Takes the task out, if it is still there, and releases the queue's reference to it.
    virtual void remove(task_state& task) noexcept = 0;

    virtual void cancelled() noexcept = 0;

protected:
    ~task_owner() = default;
};

/// Who passed a task on to another executor and has to know when that has let go of it.
class task_watcher {
public:
    /// The task is about to run in this thread.
    virtual void begun() noexcept = 0;

    /// Called once: callbacks have run and a failure that nobody looked at is told. In the thread that ran
    /// the task, or in the one that cancelled or failed it.
    virtual void let_go(bool ran) noexcept = 0;

protected:
    ~task_watcher() = default;
};

/// Cancellations whose callbacks run in this thread: waiting for them would be waiting for oneself.
class cancel_scope {
public:
    void open(const task_owner* owner, const task_watcher* watcher) noexcept;
    void close() noexcept;

    /// How many of them an owner or a watcher will be told of.
    static std::size_t count(const task_owner* owner,
                             const task_watcher* watcher = nullptr) noexcept;

private:
    const task_owner* owner_ = nullptr;
    const task_watcher* watcher_ = nullptr;
    cancel_scope* outer_ = nullptr;
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

    /// Fails a task that has not started; false if it was cancelled.
    bool abandon(std::exception_ptr reason) noexcept;

    /// Says which queue the task is about to enter.
    void enter(task_owner& owner) noexcept;

    /// Ends what `enter` began, when the task did not get in.
    void leave() noexcept;

    /// What the queue does, instead of running it, with a task that it took out and found cancelled: the
    /// thread that cancels may still be on its way to `remove`, or run callbacks.
    void leave_to_canceller() noexcept;

    /// Says who is told when the executor has let go of the task; before it enters.
    void watch(task_watcher& watcher) noexcept;

    /// Takes that back after the executor refused; false if a thread that cancels will tell nevertheless.
    bool unwatch() noexcept;

    /// For executors: the watcher of a task that they run, which they tell.
    task_watcher* watcher() noexcept;

    // Links for the queue that holds the task; guarded by that queue's lock.
    task_state* next = nullptr;
    task_state* previous = nullptr;

    /// When the task entered its queue; written by the submitting thread before that.
    std::chrono::steady_clock::time_point queued_at;

protected:
    task_state() noexcept = default;
    ~task_state() = default;

    /// The first and the last step of a cancellation.
    void remove_from_owner() noexcept;
    void tell_owner() noexcept;

    virtual void destroy_work() noexcept = 0;

private:
    enum class cancellation : unsigned char { none, announced, over };

    void announce() noexcept;

    tiny_lock owner_lock_;
    // Guarded by owner_lock_:
    cancellation cancellation_ = cancellation::none; // as far as the owner knows
    task_owner* owner_ = nullptr;
    task_watcher* watcher_ = nullptr;

    cancel_scope scope_; // of the thread that cancels
};

/// Passes a continuation's task to an executor; what `enqueue` throws fails the task.
void enqueue_on(executor& executor, task_state& task) noexcept;

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

    void after_cancellation() noexcept final { tell_owner(); }

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
