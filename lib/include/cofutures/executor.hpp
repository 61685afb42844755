// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Who runs tasks: the interface of every in-process executor. Floor 3.
///
/// An executor here owns its workers, as in Python. To Asio an executor is a cheap handle; what Asio
/// calls an execution context is what this library calls an executor.

#include <cofutures/map.hpp>
#include <cofutures/task.hpp>
#include <cofutures/timeout.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace cofutures {

/// How `shutdown` ends an executor.
struct shutdown_options {
    /// Whether the call returns only when all accepted work is done and the workers are gone.
    bool wait = true;
    /// Whether work that has not begun is cancelled instead of run.
    bool cancel_futures = false;
};

/// A snapshot of what an executor has done and has to do. The sums agree with each other.
struct executor_stats {
    std::size_t queued = 0;      ///< tasks accepted and not begun
    std::size_t running = 0;     ///< tasks begun and not done
    std::uint64_t finished = 0;  ///< tasks that returned a value
    std::uint64_t failed = 0;    ///< tasks that threw
    std::uint64_t cancelled = 0; ///< tasks cancelled before or, after a stop request, while running
    std::size_t workers = 0;     ///< workers alive
    std::chrono::nanoseconds queue_time{}; ///< total time that begun tasks had spent queued
    std::chrono::nanoseconds run_time{};   ///< total time that tasks took, without callbacks
};

namespace detail {
struct executor_access;
} // namespace detail

/// Runs calls somewhere, some time, and gives back futures.
///
/// `submit` and `map` are thin templates; a derived class provides `enqueue` and the life cycle.
///
/// **Python** `concurrent.futures.Executor`; the `with` block is the destructor.
/// **Runs on** Tasks, the destruction of their captures, and their done-callbacks run on the executor's
///   workers, with no lock held.
/// **Thread safety** Every member may be called from any thread, its own workers included, except the
///   destructor.
/// **Lifetime** Tasks own decay-copies of callable and arguments, as `std::thread`; `std::ref` shares.
///   They are destroyed before the future is done. Futures may outlive the executor.
class executor {
public:
    executor() = default;
    executor(const executor&) = delete;
    executor& operator=(const executor&) = delete;
    virtual ~executor() = default;

    /// Queues the call `function(args…)` and returns the future of its result.
    ///
    /// If only `function(stop_token, args…)` can be called, the task receives a `std::stop_token`,
    /// stopped by `future::request_stop()`. Tasks begin in the order of submission.
    ///
    /// **Python** `Executor.submit()`.
    /// **Blocks** not, unless the executor says so.
    /// **Cancellation** `future::cancel()` takes the task out of the queue.
    /// **Throws** `std::invalid_argument` for a null callable; `executor_shut_down`; `broken_executor`;
    ///   what copying the arguments throws. Strong guarantee.
    template <typename Function, typename... Args>
        requires detail::task_call<Function, Args...>
    auto submit(Function&& function, Args&&... args)
    {
        return enqueue_call(std::forward<Function>(function), std::forward<Args>(args)...);
    }

    /// The same for a task with a name: `submit({.name = "resize"}, f, x)`.
    template <typename Function, typename... Args>
        requires detail::task_call<Function, Args...>
    auto submit(task_options options, Function&& function, Args&&... args);

    /// Calls `function(element…)` for the elements of one or more ranges and yields the results in
    /// input order.
    ///
    /// The ranges are read in step until the shortest ends. Everything is read and submitted in this
    /// call, in this thread, also if the result is never looked at.
    ///
    /// **Python** `Executor.map()`, with the rule of 3.16 that a failed item does not end the iteration.
    /// **Throws** as `submit`; what reading the input throws, and then what was submitted is cancelled.
    /// **See** `map_range` for the iteration.
    template <typename Function, std::ranges::input_range... Ranges>
        requires(sizeof...(Ranges) > 0)
    auto map(Function&& function, Ranges&&... ranges)
    {
        return map(
            map_options{}, std::forward<Function>(function), std::forward<Ranges>(ranges)...);
    }

    /// The same with a time limit, chunks or a bounded window: `map({.timeout = 5s}, f, xs)`.
    ///
    /// **Throws** also `std::invalid_argument` for a `chunk_size` or `buffer_size` of 0.
    template <typename Function, std::ranges::input_range... Ranges>
        requires(sizeof...(Ranges) > 0)
    auto map(map_options options, Function&& function, Ranges&&... ranges)
    {
        return start_map(detail::map_core::order::of_input,
                         options,
                         std::forward<Function>(function),
                         std::forward<Ranges>(ranges)...);
    }

    /// As `map`, with the results in order of completion.
    template <typename Function, std::ranges::input_range... Ranges>
        requires(sizeof...(Ranges) > 0)
    auto map_unordered(Function&& function, Ranges&&... ranges)
    {
        return map_unordered(
            map_options{}, std::forward<Function>(function), std::forward<Ranges>(ranges)...);
    }
    template <typename Function, std::ranges::input_range... Ranges>
        requires(sizeof...(Ranges) > 0)
    auto map_unordered(map_options options, Function&& function, Ranges&&... ranges)
    {
        return start_map(detail::map_core::order::of_completion,
                         options,
                         std::forward<Function>(function),
                         std::forward<Ranges>(ranges)...);
    }

    /// Takes no more work and, by default, waits until all accepted work is done and the workers ended.
    ///
    /// May be called again; results stay readable.
    ///
    /// **Python** `Executor.shutdown()`.
    /// **Blocks** if `options.wait`.
    /// **Cancellation** `cancel_futures` cancels what has not begun; its callbacks run in this call.
    /// **Throws** `deadlock_error` when asked to wait by one of the executor's own workers; intake is
    ///   stopped then.
    virtual void shutdown(shutdown_options options = {}) = 0;

    /// `shutdown` with a limit for the wait; returns whether all work is done. The rest goes on.
    virtual bool shutdown_for(timeout limit) = 0;

    /// Waits until nothing is queued or running and all done-callbacks have run; returns false if the
    /// limit came first. Further work may be submitted meanwhile and afterwards.
    ///
    /// **Throws** `deadlock_error` on one of the executor's own workers, which would wait for itself.
    virtual bool wait_idle(timeout limit = {}) = 0;

    /// What has been done so far.
    virtual executor_stats stats() const = 0;

protected:
    /// Accepts one task. Called from any thread; must not run the task with a lock held.
    ///
    /// **Throws** `executor_shut_down`, `broken_executor`, and then leaves `work` alone.
    virtual void enqueue(task&& work) = 0;

    /// Makes the task and the future of a call without queueing it, as a pair.
    template <typename Function, typename... Args>
    static auto make_call(Function&& function, Args&&... args);

private:
    friend struct detail::executor_access;

    template <typename Function, typename... Args>
    auto enqueue_call(Function&& function, Args&&... args)
    {
        auto [work, made] =
            make_call(std::forward<Function>(function), std::forward<Args>(args)...);
        enqueue(std::move(work));
        return std::move(made);
    }

    template <typename State>
    static auto task_and_future(State* state);

    template <typename Function, typename... Ranges>
    auto start_map(detail::map_core::order order,
                   const map_options& options,
                   Function&& function,
                   Ranges&&... ranges);
};

/// Anything with Python's executor interface: every executor of this library, the process pool too.
template <typename E>
concept executor_like = requires(E& executor, int (*function)(int), const std::vector<int>& inputs)
{
    {
        executor.submit(function, 1)
        } -> std::same_as<future<int>>;
    {
        executor.map(function, inputs)
        } -> std::ranges::input_range;
    {
        executor.map_unordered(map_options{}, function, inputs)
        } -> std::ranges::input_range;
    executor.shutdown(shutdown_options{});
    {
        executor.shutdown_for(timeout{})
        } -> std::same_as<bool>;
    {
        executor.wait_idle(timeout{})
        } -> std::same_as<bool>;
};

// Implementation

namespace detail {

/// Lets one executor pass a task on to another.
struct executor_access {
    static void enqueue(executor& to, task&& work) { to.enqueue(std::move(work)); }
};

} // namespace detail

template <typename State>
auto executor::task_and_future(State* state)
{
    using result =
        decltype([]<typename T>(detail::result_state<T>*) -> future<T> { return {}; }(state));
    return std::pair<task, result>(detail::task_access::adopt(state),
                                   detail::future_access::share<result>(*state));
}

template <typename Function, typename... Args>
auto executor::make_call(Function&& function, Args&&... args)
{
    using result = detail::call_result_t<Function, Args...>;
    detail::require_plain_result<result>();
    detail::require_callable(function);
    return task_and_future(new detail::final_call_state<detail::future_value_t<result>,
                                                        std::decay_t<Function>,
                                                        std::decay_t<Args>...>(
        std::forward<Function>(function), std::forward<Args>(args)...));
}

template <typename Function, typename... Args>
    requires detail::task_call<Function, Args...>
auto executor::submit(task_options options, Function&& function, Args&&... args)
{
    using result = detail::call_result_t<Function, Args...>;
    detail::require_plain_result<result>();
    detail::require_callable(function);
    auto [work, made] = task_and_future(new detail::named_call_state<detail::future_value_t<result>,
                                                                     std::decay_t<Function>,
                                                                     std::decay_t<Args>...>(
        std::move(options), std::forward<Function>(function), std::forward<Args>(args)...));
    enqueue(std::move(work));
    return std::move(made);
}

template <typename Function, typename... Ranges>
auto executor::start_map(detail::map_core::order order,
                         const map_options& options,
                         Function&& function,
                         Ranges&&... ranges)
{
    using stored = std::decay_t<Function>;
    static_assert(detail::task_call<stored&, detail::element_t<Ranges>...>,
                  "cofutures: the function of a map must take one element of each range");
    using result = detail::call_result_t<stored&, detail::element_t<Ranges>...>;
    using value = detail::future_value_t<result>;
    detail::require_plain_result<result>();
    using input = std::tuple<detail::element_t<Ranges>...>;
    return detail::make_map<value>(
        order,
        options,
        [this](const stored& f, auto&&... elements) {
            return this->enqueue_call(f, std::forward<decltype(elements)>(elements)...);
        },
        [this](const stored& f, std::vector<input>&& chunk) {
            return this->enqueue_call(
                detail::chunk_call<value, stored, input>(f, std::move(chunk)));
        },
        std::forward<Function>(function),
        std::forward<Ranges>(ranges)...);
}

} // namespace cofutures
