// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/as_completed.hpp>
#include <cofutures/asio/async_wait.hpp>
#include <cofutures/asio/io_context_executor.hpp>
#include <cofutures/completion_queue.hpp>
#include <cofutures/promise.hpp>
#include <cofutures/thread_pool_executor.hpp>
#include <cofutures/when_all.hpp>
#include <cofutures/when_any.hpp>

#include "support/error_reports.hpp"
#include "support/gate.hpp"
#include "support/tracked.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <vector>

namespace cofutures {

namespace {

namespace asio = boost::asio;
using test::gate;
using test::watchdog;

/// A result that Asio could not make an empty one of.
struct no_default {
    explicit no_default(int number_) : number(number_) {}
    int number;
};

/// Ends when asked to stop, and says that it was.
void work_until_stopped(std::stop_token stop, gate& begun, gate& stopped)
{
    std::mutex mutex;
    std::condition_variable_any changed;
    begun.open();
    std::unique_lock lock(mutex);
    if (changed.wait_for(lock, stop, watchdog, [] { return false; }); stop.stop_requested()) {
        stopped.open();
    }
}

/// Where a coroutine was before and after it awaited a task, and where the task was.
struct places {
    std::thread::id before, task, after;
};

asio::awaitable<places> await_once(thread_pool_executor& pool)
{
    places seen;
    seen.before = std::this_thread::get_id();
    seen.task = co_await pool.submit(std::this_thread::get_id);
    seen.after = std::this_thread::get_id();
    co_return seen;
}

TEST(AwaitedFuture, ResumesTheCoroutineOnItsOwnThread)
{
    thread_pool_executor pool(1);
    io_context_executor io;

    const places seen = io.submit(await_once, std::ref(pool)).result(watchdog);

    EXPECT_EQ(seen.before, seen.after);
    EXPECT_NE(seen.before, seen.task);
}

using strand = asio::strand<asio::thread_pool::executor_type>;

asio::awaitable<int> awaits_off_strand(strand own, thread_pool_executor& pool, int rounds)
{
    int strayed = 0;
    for (int n = 0; n != rounds; ++n) {
        co_await pool.submit([] {});
        strayed += own.running_in_this_thread() ? 0 : 1;
    }
    co_return strayed;
}

TEST(AwaitedFuture, ResumesTheCoroutineOnItsStrand)
{
    thread_pool_executor pool(2);
    asio::thread_pool threads(2);
    const strand own(threads.get_executor());

    std::future<int> strayed;
    gate spawned;
    asio::post(own, [&] {
        strayed = asio::co_spawn(own, awaits_off_strand(own, pool, 100), asio::use_future);
        spawned.open();
    });
    spawned.wait();

    EXPECT_EQ(strayed.get(), 0);
    threads.join();
}

asio::awaitable<std::string> failure_of(thread_pool_executor& pool, std::string (*task)())
{
    try {
        co_return co_await pool.submit(task);
    } catch (const std::out_of_range& error) {
        co_return std::string("out_of_range: ") + error.what();
    }
}

std::string fails()
{
    throw std::out_of_range("nothing there");
}

TEST(AwaitedFuture, ThrowsTheTasksOwnException)
{
    thread_pool_executor pool(1);
    io_context_executor io;

    const auto failure = io.submit(failure_of, std::ref(pool), fails);

    EXPECT_EQ(failure.result(watchdog), "out_of_range: nothing there");
}

template <typename T>
asio::awaitable<T> result_of(future<T> awaited)
{
    co_return co_await std::move(awaited);
}

TEST(AwaitedFuture, ThrowsCancelledErrorForACancelledTask)
{
    io_context_executor io;
    promise<int> waited_for;
    const auto waiting = io.submit(result_of<int>, waited_for.get_future());

    waited_for.get_future().cancel();

    EXPECT_THROW(waiting.result(watchdog), cancelled_error);
}

TEST(AwaitedFuture, GivesVoidAndMoveOnlyResults)
{
    io_context_executor io;
    promise<std::unique_ptr<int>> number;
    number.set_result(std::make_unique<int>(7));

    EXPECT_EQ(*io.submit(result_of<std::unique_ptr<int>>, number.get_future()).take(watchdog), 7);
    EXPECT_NO_THROW(io.submit(result_of<void>, make_ready_future()).result(watchdog));
}

asio::awaitable<void> await_stoppable(thread_pool_executor& pool, gate& begun, gate& stopped)
{
    co_await pool.submit(work_until_stopped, std::ref(begun), std::ref(stopped));
}

TEST(AwaitedFuture, CancellingTheCoroutineStopsATaskThatNobodyElseWaitsFor)
{
    gate begun, stopped;
    thread_pool_executor pool(1);
    io_context_executor io;
    const auto waiting =
        io.submit(await_stoppable, std::ref(pool), std::ref(begun), std::ref(stopped));
    begun.wait();

    waiting.request_stop();

    EXPECT_THROW(waiting.result(watchdog), cancelled_error);
    stopped.wait();
}

TEST(AwaitedFuture, CancellingTheCoroutineLeavesATaskAloneThatOthersWaitFor)
{
    io_context_executor io;
    promise<int> task;
    const auto kept = task.get_future();
    task.set_running_or_notify_cancel();
    gate waits;
    const auto waiting = io.submit(result_of<int>, task.get_future());
    asio::post(io.context(), [&] { waits.open(); });
    waits.wait();

    waiting.request_stop();

    EXPECT_THROW(waiting.result(watchdog), cancelled_error);
    EXPECT_FALSE(task.get_stop_token().stop_requested());
    EXPECT_TRUE(kept.running());
    task.set_result(1);
}

TEST(AwaitedFuture, CancellingTheCoroutineCancelsAQueuedTaskThatNobodyElseWaitsFor)
{
    io_context_executor io;
    promise<int> task;
    gate waits;
    const auto waiting = io.submit(result_of<int>, task.get_future());
    asio::post(io.context(), [&] { waits.open(); });
    waits.wait();

    waiting.request_stop();

    EXPECT_THROW(waiting.result(watchdog), cancelled_error);
    EXPECT_TRUE(task.get_future().cancelled());
}

asio::awaitable<std::tuple<int, int, std::string>>
keep_and_await(future<int> value, future<int&> reference, future<no_default> plain)
{
    const int& first = co_await async_result(value);
    int& second = co_await async_result(reference);
    const no_default& third = co_await async_result(plain);
    second += 1;
    co_await async_result(make_ready_future());
    co_return std::tuple(first, value.result(), std::to_string(third.number));
}

TEST(AsyncResult, KeepsTheHandleAndTakesReferencesAndResultsWithoutADefault)
{
    io_context_executor io;
    int referred = 1;

    const auto seen = io.submit(keep_and_await,
                                make_ready_future(5),
                                make_ready_future<int&>(referred),
                                make_ready_future<no_default>(9));

    EXPECT_EQ(seen.result(watchdog), std::tuple(5, 5, "9"));
    EXPECT_EQ(referred, 2);
}

asio::awaitable<std::string> use_up(thread_pool_executor& pool)
{
    using namespace asio::experimental::awaitable_operators;
    const auto written = [](const char* text) { return std::string(100, ' ') + text; };
    const std::string& one = co_await async_result(pool.submit(written, "1"));
    const auto [two, three] = co_await (async_result(pool.submit(written, "2")) &&
                                        async_result(pool.submit(written, "3")));
    const auto four = co_await async_result(make_ready_future(std::make_unique<int>(4)));
    const no_default& five = co_await async_result(make_ready_future<no_default>(5));
    co_return one + two + three + std::to_string(*four) + std::to_string(five.number);
}

TEST(AsyncResult, OfAHandleThatNobodyKeepsIsTheResultItself)
{
    thread_pool_executor pool(2);
    io_context_executor io;
    const std::string blank(100, ' ');

    EXPECT_EQ(io.submit(use_up, std::ref(pool)).result(watchdog),
              blank + "1" + blank + "2" + blank + "345");
}

TEST(AsyncResult, RefersToTheResultOnlyWhereTheHandleIsKept)
{
    const future<int> kept;
    const auto from = [] { return future<int>(); };
    const auto from_const = []() -> const future<int> { return {}; };

    static_assert(std::is_same_v<decltype(async_result(kept)),
                                 asio::awaitable<std::reference_wrapper<const int>>>);
    static_assert(std::is_same_v<decltype(async_result(from())), asio::awaitable<int>>);
    static_assert(std::is_same_v<decltype(async_result(from_const())), asio::awaitable<int>>);
    static_assert(std::is_same_v<decltype(async_result(future<int&>())),
                                 asio::awaitable<std::reference_wrapper<int>>>);
}

asio::awaitable<void> await_kept(future<int> awaited)
{
    co_await async_result(awaited);
}

TEST(AsyncResult, ThrowsWhatTheResultWouldThrow)
{
    io_context_executor io;
    promise<int> cancelled;
    cancelled.get_future().cancel();

    const auto failed =
        io.submit(await_kept, make_exceptional_future<int>(std::out_of_range("no")));
    const auto gone = io.submit(await_kept, cancelled.get_future());

    EXPECT_THROW(failed.result(watchdog), std::out_of_range);
    EXPECT_THROW(gone.result(watchdog), cancelled_error);
}

TEST(AsyncResult, CancellingTheCoroutineLeavesTheTaskAlone)
{
    io_context_executor io;
    promise<int> task;
    task.set_running_or_notify_cancel();
    gate waits;
    const auto waiting = io.submit(await_kept, task.get_future());
    asio::post(io.context(), [&] { waits.open(); });
    waits.wait();

    waiting.request_stop();

    EXPECT_THROW(waiting.result(watchdog), cancelled_error);
    EXPECT_FALSE(task.get_stop_token().stop_requested());
    EXPECT_TRUE(task.get_future().running());
    task.set_result(1);
}

TEST(AsyncWait, CallsTheHandlerOnItsExecutorHoweverTheTaskEnds)
{
    asio::io_context context;
    int calls = 0;
    const auto count = [&](const boost::system::error_code& error) { calls += error ? 0 : 1; };
    promise<int> succeeds, cancelled;
    promise<void> fails;

    async_wait(succeeds.get_future(), asio::bind_executor(context, count));
    async_wait(cancelled.get_future(), asio::bind_executor(context, count));
    async_wait(fails.get_future(), asio::bind_executor(context, count));
    succeeds.set_result(1);
    cancelled.get_future().cancel();
    const auto failed = fails.get_future();
    fails.set_exception(std::make_exception_ptr(std::out_of_range("no")));

    EXPECT_EQ(calls, 0) << "a handler ran outside of its context";
    context.run();
    EXPECT_EQ(calls, 3);
    EXPECT_THROW(failed.result(), std::out_of_range);
}

TEST(AsyncWait, OfADoneFutureDoesNotCallTheHandlerInline)
{
    asio::io_context context;
    bool called = false;

    async_wait(make_ready_future(1),
               asio::bind_executor(context, [&](boost::system::error_code) { called = true; }));

    EXPECT_FALSE(called);
    context.run();
    EXPECT_TRUE(called);
}

TEST(AsyncWait, TakesEveryCompletionToken)
{
    asio::thread_pool threads(1);
    promise<int> task;
    auto by_future = async_wait(task.get_future(), asio::use_future);
    auto operation = async_wait(task.get_future(), asio::deferred);
    gate called;

    std::move(operation)(
        asio::bind_executor(threads, [&](boost::system::error_code) { called.open(); }));
    task.set_result(1);

    called.wait();
    EXPECT_EQ(by_future.wait_for(watchdog), std::future_status::ready);
    threads.join();
}

TEST(AsyncWait, CancelledEndsTheWaitAndLeavesTheTaskAlone)
{
    asio::io_context context;
    asio::cancellation_signal signal;
    promise<int> task;
    boost::system::error_code outcome;
    async_wait(
        task.get_future(),
        asio::bind_cancellation_slot(
            signal.slot(), asio::bind_executor(context, [&](auto error) { outcome = error; })));

    asio::post(context, [&] { signal.emit(asio::cancellation_type::partial); });
    context.run();

    EXPECT_EQ(outcome, asio::error::operation_aborted);
    EXPECT_FALSE(task.get_future().done());
    EXPECT_NO_THROW(task.set_result(1)) << "the waiter that left is not told";
}

TEST(AsyncWait, KeepsItsContextRunningMeanwhile)
{
    asio::io_context context;
    bool called = false;
    promise<int> task;
    async_wait(task.get_future(),
               asio::bind_executor(context, [&](boost::system::error_code) { called = true; }));

    std::thread finisher([&task] { task.set_result(1); });
    context.run();
    finisher.join();

    EXPECT_TRUE(called);
}

TEST(AsyncWait, AHandlerThatNeverRunsIsDestroyedWithItsContext)
{
    test::tracked_counts counts;
    promise<int> task;
    {
        asio::io_context context;
        async_wait(task.get_future(),
                   asio::bind_executor(
                       context, [kept = test::tracked(counts)](boost::system::error_code) {}));
        task.set_result(1);
    }
    EXPECT_EQ(counts.alive, 0);
}

TEST(AsyncWait, RefusesAHandleWithoutATask)
{
    EXPECT_THROW(async_wait(future<int>(), asio::detached), invalid_state_error);
}

asio::awaitable<std::vector<int>> pop_all(completion_queue<future<int>>& queue, std::size_t count)
{
    std::vector<int> values;
    for (std::size_t n = 0; n != count; ++n) {
        future<int> next = co_await queue.async_pop();
        values.push_back(next.result());
    }
    co_return values;
}

TEST(AwaitedMany, ACompletionQueueIsPoppedInOrderOfCompletion)
{
    io_context_executor io;
    promise<int> first, second;
    completion_queue<future<int>> queue;
    queue.add(first.get_future());
    queue.add(second.get_future());

    const auto popped = io.submit(pop_all, std::ref(queue), 2U);
    second.set_result(2);
    first.set_result(1);

    EXPECT_EQ(popped.result(watchdog), (std::vector{2, 1}));
}

asio::awaitable<int> sum_as_completed(std::vector<future<int>> futures)
{
    int sum = 0;
    auto completed = as_completed(futures);
    while (auto done = co_await completed.async_next()) {
        sum += done->result();
    }
    co_return sum;
}

TEST(AwaitedMany, AsCompletedEndsAfterTheLast)
{
    thread_pool_executor pool(2);
    io_context_executor io;
    std::vector<future<int>> futures;
    for (int n = 1; n <= 10; ++n) {
        futures.push_back(pool.submit([n] { return n; }));
    }

    EXPECT_EQ(io.submit(sum_as_completed, futures).result(watchdog), 55);
}

asio::awaitable<std::string> await_all_and_any(thread_pool_executor& pool,
                                               future<std::string> never)
{
    auto number = pool.submit([] { return 1; });
    auto text = pool.submit([] { return std::string("two"); });
    const auto [one, two] = co_await when_all(std::move(number), std::move(text));

    std::vector<future<std::string>> candidates{std::move(never),
                                                make_ready_future(std::string("first"))};
    const auto winner = co_await when_any(candidates);
    co_return std::to_string(one) + two + std::to_string(winner.index) + winner.future.result();
}

TEST(AwaitedMany, WhenAllAndWhenAnyAreAwaitedLikeAnyFuture)
{
    thread_pool_executor pool(2);
    io_context_executor io;
    promise<std::string> never;

    const auto text = io.submit(await_all_and_any, std::ref(pool), never.get_future());

    EXPECT_EQ(text.result(watchdog), "1two1first");
    never.set_result();
}

asio::awaitable<void> await_cancellable(thread_pool_executor& pool, int rounds)
{
    for (int n = 0; n != rounds; ++n) {
        co_await pool.submit([](std::stop_token) {});
    }
}

TEST(AwaitedFuture, CancellationRacesWithCompletionWithoutHarm)
{
    thread_pool_executor pool(2);
    io_context_executor io(2);
    constexpr int coroutines = 50;
    std::vector<future<void>> running;
    for (int n = 0; n != coroutines; ++n) {
        running.push_back(io.submit(await_cancellable, std::ref(pool), 20));
    }

    std::thread stopper([&running] {
        for (const auto& one : running) {
            one.request_stop();
        }
    });
    stopper.join();

    for (const auto& one : running) {
        EXPECT_TRUE(one.wait_for(watchdog));
        EXPECT_TRUE(one.cancelled() || one.exception() == nullptr);
    }
}

} // namespace

} // namespace cofutures
