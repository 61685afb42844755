// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Tasks in processes of their own: for CPU-bound, leaky or crash-prone work. Floor 4; read
/// docs/processes.md for what may cross.

#include <cofutures/detail/process_task.hpp>
#include <cofutures/executor.hpp>
#include <cofutures/process/error.hpp>
#include <cofutures/process/options.hpp>

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace cofutures {

/// Runs calls in worker processes that it keeps, replaces and, where asked to, kills.
///
/// Same `submit`, `map` and futures as every executor; not derived from `executor`, since it must see the
/// types it sends. Callables are functions, captureless lambdas, member functions with an object by
/// value, and function objects with encodable state. Arguments and results are `encodable`; arguments
/// are encoded before `submit` returns, so later changes of them do not matter.
///
/// A crash fails the task that ran with `worker_crashed`. Tasks sent ahead to that worker are given to
/// others: no task runs twice, none is lost.
///
/// **Python** `ProcessPoolExecutor`, where a crash fails everything and ends the pool.
/// **Runs on** Tasks run in workers. Decoding of results and done-callbacks run on a thread of the pool;
///   a callback that blocks holds up all results.
/// **Thread safety** Every member may be called from any thread except the destructor. Not in a worker:
///   there, members throw `wrong_process`; a pool made by the task itself works.
/// **Lifetime** Futures may outlive the pool. The destructor is `shutdown()`. Workers end with the
///   program, however it ends.
class process_pool_executor {
public:
    /// Starts the workers.
    ///
    /// **Throws** `std::invalid_argument` for zero workers or impossible limits; `std::system_error` where
    ///   the program lacks descriptors or memory for all of them. What the fork server lacks is waited for.
    explicit process_pool_executor(process_pool_options options = {});

    /// Python's positional form: `process_pool_executor pool(4)`.
    template <std::integral Integer>
    explicit process_pool_executor(Integer max_workers)
        : process_pool_executor(process_pool_options{.max_workers = max_workers})
    {}
    process_pool_executor(const process_pool_executor&) = delete;
    process_pool_executor& operator=(const process_pool_executor&) = delete;
    ~process_pool_executor();

    /// Sends the call `function(args…)` to a worker and returns the future of its result.
    ///
    /// If only `function(stop_token, args…)` can be called, the task receives a `std::stop_token`, stopped
    /// by `future::request_stop()` and by the soft time limit.
    ///
    /// **Python** `Executor.submit()`; errors of encoding are thrown here, not put into the future.
    /// **Cancellation** `future::cancel()` succeeds until a worker has begun the task.
    /// **Throws** `executor_shut_down`; `broken_process_pool`; `wrong_process`; what encoding throws.
    template <typename Function, typename... Args>
        requires detail::task_call<Function, detail::wire_t<Args>...>
    auto submit(Function&& function, Args&&... args)
    {
        return enqueue_call(
            {}, std::decay_t<Function>(std::forward<Function>(function)), detail::to_wire(args)...);
    }

    /// The same with a name or limits of its own: `submit(process::task_options{.hard_time_limit = 2s}, f)`.
    template <typename Function, typename... Args>
        requires detail::task_call<Function, detail::wire_t<Args>...>
    auto submit(process::task_options options, Function&& function, Args&&... args)
    {
        return enqueue_call(std::move(options),
                            std::decay_t<Function>(std::forward<Function>(function)),
                            detail::to_wire(args)...);
    }

    /// Calls `function(element…)` for the elements of one or more ranges; as `executor::map`. Elements
    /// are sent as arguments of `submit` are.
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
    /// **Throws** `deadlock_error` when asked to wait on the pool's own thread.
    void shutdown(shutdown_options options = {});

    /// `shutdown` with a limit for the wait; returns whether all work is done and the workers ended.
    bool shutdown_for(timeout limit);

    /// Waits until nothing is queued or running; false if the limit came first.
    bool wait_idle(timeout limit = {});

    /// Ends the pool now: SIGTERM, which tasks may handle, or SIGKILL, to every worker and its children.
    /// Queued tasks are cancelled, running ones fail with `broken_process_pool`.
    ///
    /// **Python** 3.14's `terminate_workers()` and `kill_workers()`.
    void terminate_workers();
    void kill_workers();

    /// What has been done so far, and by whom.
    process_pool_stats stats() const;

private:
    detail::payload make_payload(std::size_t size);
    void enqueue(detail::process_task& task, process::task_options&& options);
    void require_own_process() const;

    template <typename F, typename... Wire>
    auto enqueue_call(process::task_options options, const F& function, const Wire&... args);

    template <typename R, typename F, typename... Wire>
    future<R>
    enqueue_encoded(process::task_options options, const F& function, const Wire&... args);

    template <typename Function, typename... Ranges>
    auto start_map(detail::map_core::order order,
                   const map_options& options,
                   Function&& function,
                   Ranges&&... ranges);

    std::shared_ptr<detail::process_pool_core> core_;
};

// Implementation

template <typename R, typename F, typename... Wire>
future<R> process_pool_executor::enqueue_encoded(process::task_options options,
                                                 const F& function,
                                                 const Wire&... args)
{
    require_own_process();
    encoder counter;
    detail::write_call<R, F, Wire...>(counter, function, args...);
    detail::payload call = make_payload(counter.written());
    encoder writer(call.bytes());
    detail::write_call<R, F, Wire...>(writer, function, args...);

    auto* const state = new detail::process_task_state<R>;
    const auto owner = detail::owner_ptr<detail::shared_state>::adopt(state);
    state->call = std::move(call);
    if (options.name.empty()) {
        options.name = detail::demangled(typeid(F));
    }
    auto made = detail::future_access::share<future<R>>(*state);
    enqueue(*state, std::move(options));
    return made;
}

template <typename F, typename... Wire>
auto process_pool_executor::enqueue_call(process::task_options options,
                                         const F& function,
                                         const Wire&... args)
{
    using result = detail::process_result_t<F, Wire...>;
    detail::require_wire_callable<F>();
    (detail::require_encodable<Wire>(), ...);
    detail::require_wire_result<result>();
    detail::require_callable(function);
    // After a failed check above, nothing further is instantiated: one readable line is enough.
    if constexpr (detail::wire_callable<F> && (encodable<Wire> && ...) &&
                  (std::is_void_v<result> || encodable<result>)) {
        return enqueue_encoded<result, F, Wire...>(std::move(options), function, args...);
    } else {
        return future<result>();
    }
}

template <typename Function, typename... Ranges>
auto process_pool_executor::start_map(detail::map_core::order order,
                                      const map_options& options,
                                      Function&& function,
                                      Ranges&&... ranges)
{
    using stored = std::decay_t<Function>;
    static_assert(detail::task_call<stored&, detail::wire_t<detail::element_t<Ranges>>...>,
                  "cofutures: the function of a map must take one element of each range");
    using value = detail::process_result_t<stored, detail::element_t<Ranges>...>;
    detail::map_core::check(options);
    detail::require_wire_callable<stored>();
    (detail::require_encodable<detail::wire_t<detail::element_t<Ranges>>>(), ...);
    detail::require_wire_result<value>();
    detail::require_callable(function);

    std::unique_ptr<detail::map_feed> feed;
    if constexpr (detail::wire_callable<stored> &&
                  (encodable<detail::wire_t<detail::element_t<Ranges>>> && ...) &&
                  (std::is_void_v<value> || encodable<value>)) {
        if (options.chunk_size == 1) {
            auto submit_item = [this](const stored& f, auto&&... elements) {
                return this->enqueue_call({}, f, detail::to_wire(elements)...);
            };
            feed = std::make_unique<detail::item_feed<decltype(submit_item), stored, Ranges...>>(
                std::move(submit_item),
                std::forward<Function>(function),
                std::forward<Ranges>(ranges)...);
        } else {
            using inputs = detail::wire_inputs<Ranges...>;
            using chunk = detail::process_chunk<value, stored, typename inputs::input>;
            auto submit_chunk = [this](const stored& f,
                                       std::vector<typename inputs::input>&& elements) {
                return this->template enqueue_encoded<detail::chunk_outcomes<value>, chunk>(
                    {}, chunk{f}, elements);
            };
            feed = std::make_unique<
                detail::chunk_feed<inputs, decltype(submit_chunk), stored, Ranges...>>(
                options.chunk_size,
                std::move(submit_chunk),
                std::forward<Function>(function),
                std::forward<Ranges>(ranges)...);
        }
    }
    return map_range<value>(detail::map_core(std::move(feed), options, order));
}

} // namespace cofutures
