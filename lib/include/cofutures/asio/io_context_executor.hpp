// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Coroutines on an io_context, plain calls on a thread pool beside it. Floor 5.

#include <cofutures/asio/coroutine_state.hpp>
#include <cofutures/executor.hpp>
#include <cofutures/thread_pool_executor.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <concepts>
#include <memory>
#include <string>
#include <utility>

namespace cofutures {

struct io_context_options {
    /// How many threads run the io_context; 1 by default. With more, each coroutine has its own strand.
    worker_count threads = 1;

    /// Threads are called `PREFIX_0`, …; by default `io_context_executor-K`.
    std::string thread_name_prefix = {};

    /// Where plain calls go; it must outlive this executor, which waits for those it has passed on. By
    /// default a pool of its own, made when it is first needed.
    thread_pool_executor* blocking = nullptr;
};

/// Runs coroutines, `boost::asio::awaitable<T>`, and keeps whatever blocks away from them.
///
/// `submit` of a function that returns an awaitable spawns it on the io_context; its result is a future
/// like any other. A plain callable goes to the thread pool, so that nothing stalls the loop. Sockets and
/// timers may be made on `context()`.
///
/// **Python** what asyncio's loop and its default executor are together.
/// **Runs on** coroutines and the done-callbacks of their futures: the io_context's threads, one at a time
///   for each coroutine.
/// **Cancellation** `cancel()` before a coroutine has begun: it never runs. `request_stop()` reaches a
///   running one through its cancellation slot, from any thread: the operation it awaits ends with
///   `operation_aborted`, or else the next `co_await` does. If that ends the coroutine, its future is
///   cancelled; it may also catch the error and go on.
/// **Lifetime** A coroutine's callable and arguments live until the coroutine ends. The destructor is
///   `shutdown()`, which waits for coroutines and for other work on the io_context: stop servers and
///   timers first. On one of its own threads it is `shutdown({.wait = false})`.
/// **Throws** An exception that leaves a handler posted to `context()` goes to the error handler.
class io_context_executor final : public executor {
public:
    explicit io_context_executor(io_context_options options = {});

    /// As the options' `threads`: `io_context_executor io(2);`
    template <std::integral Integer>
    explicit io_context_executor(Integer threads)
        : io_context_executor(io_context_options{worker_count(threads)})
    {}

    ~io_context_executor() override;

    /// The io_context, for sockets and timers. Do not run or stop it.
    boost::asio::io_context& context() noexcept;

    /// As `executor::submit`; a function returning `awaitable<T>` gives a `future<T>`.
    template <typename Function, typename... Args>
        requires detail::task_call<Function, Args...>
    auto submit(Function&& function, Args&&... args)
    {
        return submit(task_options{{}, std::nullopt},
                      std::forward<Function>(function),
                      std::forward<Args>(args)...);
    }
    template <typename Function, typename... Args>
        requires detail::task_call<Function, Args...>
    auto submit(task_options options, Function&& function, Args&&... args);

    /// As `executor::map`, also for functions that return awaitables; those are never chunked.
    template <typename Function, std::ranges::input_range... Ranges>
        requires(sizeof...(Ranges) > 0)
    auto map(Function&& function, Ranges&&... ranges)
    {
        return map(
            map_options{}, std::forward<Function>(function), std::forward<Ranges>(ranges)...);
    }
    template <typename Function, std::ranges::input_range... Ranges>
        requires(sizeof...(Ranges) > 0)
    auto map(map_options options, Function&& function, Ranges&&... ranges)
    {
        return start_map(detail::map_core::order::of_input,
                         options,
                         std::forward<Function>(function),
                         std::forward<Ranges>(ranges)...);
    }
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

    void shutdown(shutdown_options options = {}) override;
    bool shutdown_for(timeout limit) override;
    bool wait_idle(timeout limit = {}) override;

    /// Counts coroutines and, where the pool is this executor's own, plain calls; workers are threads.
    executor_stats stats() const override;

private:
    void enqueue(task&& work) override;
    void spawn(detail::coroutine_task& coroutine);

    template <typename Function, typename... Ranges>
    auto start_map(detail::map_core::order order,
                   map_options options,
                   Function&& function,
                   Ranges&&... ranges);

    class impl;
    std::shared_ptr<impl> impl_;
};

// Implementation

template <typename Function, typename... Args>
    requires detail::task_call<Function, Args...>
auto io_context_executor::submit(task_options options, Function&& function, Args&&... args)
{
    using result = detail::call_result_t<Function, Args...>;
    if constexpr (detail::is_awaitable<result>) {
        detail::require_callable(function);
        using state = detail::coroutine_state<typename result::value_type,
                                              std::decay_t<Function>,
                                              std::decay_t<Args>...>;
        auto* const made = new state(
            std::move(options), std::forward<Function>(function), std::forward<Args>(args)...);
        // Made before spawn(): the coroutine may have ended when that returns.
        auto future = detail::future_access::share<typename state::future_type>(*made);
        spawn(*made);
        return future;
    } else if (options.name.empty() && !options.location) {
        return executor::submit(std::forward<Function>(function), std::forward<Args>(args)...);
    } else {
        return executor::submit(
            std::move(options), std::forward<Function>(function), std::forward<Args>(args)...);
    }
}

template <typename Function, typename... Ranges>
auto io_context_executor::start_map(detail::map_core::order order,
                                    map_options options,
                                    Function&& function,
                                    Ranges&&... ranges)
{
    using stored = std::decay_t<Function>;
    using result = detail::call_result_t<stored&, detail::element_t<Ranges>...>;
    if constexpr (detail::is_awaitable<result>) {
        detail::map_core::check(options);
        options.chunk_size = 1;
        const auto submit_item = [this](const stored& f, auto&&... elements) {
            return this->submit(f, std::forward<decltype(elements)>(elements)...);
        };
        return detail::make_map<typename result::value_type>(
            order,
            options,
            submit_item,
            // Never called, but it must exist.
            [](const stored&, auto&&) { return any_future(); },
            std::forward<Function>(function),
            std::forward<Ranges>(ranges)...);
    } else if (order == detail::map_core::order::of_input) {
        return executor::map(
            options, std::forward<Function>(function), std::forward<Ranges>(ranges)...);
    } else {
        return executor::map_unordered(
            options, std::forward<Function>(function), std::forward<Ranges>(ranges)...);
    }
}

static_assert(executor_like<io_context_executor>);

} // namespace cofutures
