// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/asio/async_wait.hpp>
#include <cofutures/asio/io_context_executor.hpp>
#include <cofutures/promise.hpp>
#include <cofutures/wait.hpp>

#include "support/closed_standard_descriptors.hpp"
#include "support/error_reports.hpp"
#include "support/gate.hpp"
#include "support/held_loop.hpp"
#include "support/tracked.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace cofutures {

namespace {

namespace asio = boost::asio;
using test::gate;
using test::held_loop;
using test::opens_at_exit;
using test::tracked;
using test::tracked_counts;
using test::watchdog;

asio::awaitable<void> wait_for_ever(gate& begun)
{
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
    begun.open();
    co_await timer.async_wait(asio::use_awaitable);
}

/// Suspends once.
asio::awaitable<void> yield()
{
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
}

// ---- Results ----

asio::awaitable<int> add(int left, int right)
{
    co_await yield();
    co_return left + right;
}

asio::awaitable<int> fail_after_a_while()
{
    co_await yield();
    throw std::out_of_range("no");
}

asio::awaitable<int> fail_before_it_is_a_coroutine()
{
    throw std::out_of_range("at once");
}

asio::awaitable<std::unique_ptr<int>> move_only(std::unique_ptr<int> number)
{
    co_await yield();
    co_return number;
}

TEST(IoContextExecutor, ACoroutinesOutcomeIsAFutures)
{
    io_context_executor io;

    EXPECT_EQ(io.submit(add, 1, 2).result(watchdog), 3);
    EXPECT_THROW(io.submit(fail_after_a_while).result(watchdog), std::out_of_range);
    EXPECT_THROW(io.submit(fail_before_it_is_a_coroutine).result(watchdog), std::out_of_range);
    EXPECT_EQ(*io.submit(move_only, std::make_unique<int>(4)).take(watchdog), 4);
    EXPECT_NO_THROW(io.submit(yield).result(watchdog));
}

asio::awaitable<bool> stop_possible(std::stop_token stop, int)
{
    co_return stop.stop_possible();
}

TEST(IoContextExecutor, ACoroutineMayTakeAStopToken)
{
    io_context_executor io;

    EXPECT_TRUE(io.submit(stop_possible, 1).result(watchdog));
}

TEST(IoContextExecutor, AFailedCoroutineNobodyLooksAtIsReportedByName)
{
    test::error_reports reports;
    {
        io_context_executor io;
        io.submit({.name = "lost"}, fail_after_a_while);
    }

    const auto report = reports.take_only();
    EXPECT_EQ(report.where, error_report::source::unobserved_failure);
    EXPECT_NE(report.task.find("lost"), std::string::npos) << report.task;
}

TEST(IoContextExecutor, RefusesANullCoroutineFunctionAndNoThreads)
{
    io_context_executor io;

    EXPECT_THROW(io.submit(static_cast<asio::awaitable<void> (*)()>(nullptr)),
                 std::invalid_argument);
    EXPECT_THROW(io_context_executor(0), std::invalid_argument);
    EXPECT_THROW(io_context_executor(-1), std::invalid_argument);
}

TEST(IoContextExecutor, NamesItsThreads)
{
    promise<std::string> name;
    io_context_executor io({.thread_name_prefix = "loop"});

    asio::post(io.context(), [&] { name.set_result(this_worker::name()); });

    EXPECT_EQ(name.get_future().result(watchdog), "loop_0");
}

// ---- Lifetime of what was submitted ----

asio::awaitable<int> alive_at_the_end(tracked argument, gate& may_end)
{
    co_await yield();
    may_end.wait();
    co_await yield();
    co_return argument.value();
}

/// Refers to its own and to the executor's copy of the argument.
class by_reference {
public:
    explicit by_reference(tracked member) : member_(std::move(member)) {}
    asio::awaitable<int> operator()(const tracked& argument) const
    {
        co_await yield();
        co_await yield();
        co_return member_.value() + argument.value();
    }

private:
    tracked member_;
};

TEST(IoContextExecutor, CallableAndArgumentsLiveUntilTheCoroutineEnds)
{
    tracked_counts counts;
    io_context_executor io;

    EXPECT_EQ(io.submit(by_reference(tracked(counts, 1)), tracked(counts, 2)).result(watchdog), 3);
}

TEST(IoContextExecutor, CallableAndArgumentsAreGoneWhenTheFutureIsDone)
{
    tracked_counts counts;
    promise<int> alive_when_done;
    io_context_executor io;
    const auto sum = io.submit(by_reference(tracked(counts, 1)), tracked(counts, 2));
    sum.add_done_callback([&](any_future) { alive_when_done.set_result(counts.alive.load()); });

    EXPECT_EQ(alive_when_done.get_future().result(watchdog), 0);
    EXPECT_EQ(sum.result(), 3);
}

TEST(IoContextExecutor, ArgumentsByValueAreGoneWhenTheFutureIsDone)
{
    tracked_counts counts;
    gate may_end;
    io_context_executor io;
    const opens_at_exit release(may_end);
    const auto value = io.submit(alive_at_the_end, tracked(counts, 5), std::ref(may_end));

    EXPECT_GT(counts.alive, 0);
    may_end.open();

    EXPECT_EQ(value.result(watchdog), 5);
    EXPECT_EQ(counts.alive, 0);
}

TEST(IoContextExecutor, AResultIsMovedNotCopied)
{
    tracked_counts counts;
    io_context_executor io;
    {
        const auto result = io.submit(
            [](tracked value) -> asio::awaitable<tracked> { co_return value; }, tracked(counts, 8));
        EXPECT_EQ(result.result(watchdog).value(), 8);
    }
    EXPECT_EQ(counts.copied, 0);
}

// ---- Cancellation ----

TEST(IoContextExecutorCancel, BeforeTheCoroutineBeginsItNeverRuns)
{
    gate begun;
    tracked_counts counts;
    io_context_executor io;
    held_loop loop(io);
    const auto waiting = io.submit(wait_for_ever, std::ref(begun));
    const auto with_argument = io.submit(by_reference(tracked(counts)), tracked(counts));

    EXPECT_TRUE(waiting.cancel());
    EXPECT_TRUE(with_argument.request_stop());

    EXPECT_TRUE(waiting.cancelled());
    EXPECT_TRUE(with_argument.cancelled());
    EXPECT_EQ(counts.alive, 0) << "captures outlived their cancelled coroutine";
    loop.release();
    EXPECT_TRUE(io.wait_idle(watchdog));
    EXPECT_FALSE(begun.is_open());
    EXPECT_EQ(io.stats().cancelled, 2U);
}

TEST(IoContextExecutorCancel, OfARunningCoroutineIsRefused)
{
    gate begun;
    io_context_executor io;
    const auto waiting = io.submit(wait_for_ever, std::ref(begun));
    begun.wait();

    EXPECT_FALSE(waiting.cancel());
    EXPECT_TRUE(waiting.running());
    waiting.request_stop();
}

TEST(IoContextExecutorCancel, AStopRequestEndsTheOperationThatTheCoroutineAwaits)
{
    for (const int threads : {1, 4}) {
        gate begun;
        io_context_executor io(threads);
        const auto waiting = io.submit(wait_for_ever, std::ref(begun));
        begun.wait();

        EXPECT_TRUE(waiting.request_stop());

        EXPECT_THROW(waiting.result(watchdog), cancelled_error);
        EXPECT_TRUE(waiting.cancelled());
        EXPECT_TRUE(io.wait_idle(watchdog));
        EXPECT_EQ(io.stats().cancelled, 1U);
    }
}

asio::awaitable<void> busy_between_two_awaits(gate& between, gate& requested, gate& went_on)
{
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
    between.open();
    requested.wait(); // not an await: the stop is requested while the coroutine runs
    co_await timer.async_wait(asio::use_awaitable);
    went_on.open();
}

TEST(IoContextExecutorCancel, AStopRequestedWhileTheCoroutineRunsEndsItsNextAwait)
{
    for (const int threads : {1, 4}) {
        gate between, requested, went_on;
        io_context_executor io(threads);
        const opens_at_exit release(requested);
        const auto busy = io.submit(
            busy_between_two_awaits, std::ref(between), std::ref(requested), std::ref(went_on));
        between.wait();

        EXPECT_TRUE(busy.request_stop());
        requested.open();

        EXPECT_THROW(busy.result(watchdog), cancelled_error);
        EXPECT_FALSE(went_on.is_open());
    }
}

asio::awaitable<void>
deaf_for_one_await(future<void> deaf_to, gate& suspended, gate& first_await_over)
{
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
    suspended.open();
    // Nothing can cancel this await, since its slot is connected to nothing.
    co_await async_wait(
        deaf_to, asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
    first_await_over.open();
    co_await timer.async_wait(asio::use_awaitable);
}

TEST(IoContextExecutorCancel, AStopThatOneAwaitIgnoredEndsTheNextOne)
{
    gate suspended, first_await_over, delivered;
    io_context_executor io;
    promise<void> ignoring;
    const auto waiting = io.submit(
        deaf_for_one_await, ignoring.get_future(), std::ref(suspended), std::ref(first_await_over));
    suspended.wait();

    waiting.request_stop();
    asio::post(io.context(), [&] { delivered.open(); }); // behind the request in the loop's queue
    delivered.wait();
    EXPECT_FALSE(waiting.done());
    ignoring.set_result();

    EXPECT_THROW(waiting.result(watchdog), cancelled_error);
    first_await_over.wait();
}

asio::awaitable<std::string> clean_up_after_a_stop(gate& begun)
{
    try {
        co_await wait_for_ever(begun);
    } catch (const boost::system::system_error&) {
    }
    co_await asio::this_coro::reset_cancellation_state();
    co_await yield();
    co_return "cleaned up";
}

TEST(IoContextExecutorCancel, ACoroutineMayCatchTheStopAndFinish)
{
    gate begun;
    io_context_executor io;
    const auto tidy = io.submit(clean_up_after_a_stop, std::ref(begun));
    begun.wait();

    tidy.request_stop();

    EXPECT_EQ(tidy.result(watchdog), "cleaned up");
    EXPECT_FALSE(tidy.cancelled());
}

asio::awaitable<void> fail_when_stopped(gate& begun)
{
    try {
        co_await wait_for_ever(begun);
    } catch (const boost::system::system_error&) {
        throw std::out_of_range("while stopping");
    }
}

TEST(IoContextExecutorCancel, AnotherErrorAfterAStopIsAFailure)
{
    gate begun;
    io_context_executor io;
    const auto failing = io.submit(fail_when_stopped, std::ref(begun));
    begun.wait();

    failing.request_stop();

    EXPECT_THROW(failing.result(watchdog), std::out_of_range);
}

asio::awaitable<void> throw_aborted()
{
    throw boost::system::system_error(asio::error::operation_aborted);
    co_return;
}

TEST(IoContextExecutorCancel, OperationAbortedWithoutARequestIsAFailure)
{
    io_context_executor io;

    EXPECT_THROW(io.submit(throw_aborted).result(watchdog), boost::system::system_error);
}

asio::awaitable<bool> token_is_stopped(std::stop_token stop, gate& begun)
{
    try {
        co_await wait_for_ever(begun);
    } catch (const boost::system::system_error&) {
    }
    co_return stop.stop_requested();
}

TEST(IoContextExecutorCancel, AStopRequestAlsoStopsTheToken)
{
    gate begun;
    io_context_executor io;
    const auto stopped = io.submit(token_is_stopped, std::ref(begun));
    begun.wait();

    stopped.request_stop();

    EXPECT_TRUE(stopped.result(watchdog));
}

TEST(IoContextExecutorCancel, RacesWithTheEndOfTheCoroutineAndOfTheExecutor)
{
    for (int n = 0; n != 200; ++n) {
        auto io = std::make_unique<io_context_executor>();
        const auto sum = io->submit(add, n, 1);

        std::thread stopper([sum] { sum.request_stop(); });
        std::thread canceller([sum] { sum.cancel(); });
        ASSERT_TRUE(sum.wait_for(watchdog));
        io.reset();
        stopper.join();
        canceller.join();

        EXPECT_TRUE(sum.cancelled() || sum.result() == n + 1);
    }
}

TEST(IoContextExecutorCancel, AStopRequestIsNeverLostHoweverEarlyItComes)
{
    io_context_executor io;
    for (int n = 0; n != 500; ++n) {
        gate begun;
        const auto waiting = io.submit(wait_for_ever, std::ref(begun));

        waiting.request_stop();

        ASSERT_TRUE(waiting.wait_for(watchdog));
        EXPECT_TRUE(waiting.cancelled());
    }
}

TEST(IoContextExecutorCancel, AfterTheExecutorIsGoneTouchesNothingOfIt)
{
    for (const int threads : {1, 2}) {
        future<int> sum;
        {
            io_context_executor io(threads);
            sum = io.submit(add, 1, 2);
        }

        EXPECT_FALSE(sum.request_stop());
        EXPECT_FALSE(sum.cancel());
        EXPECT_EQ(sum.result(), 3);
    }
}

// ---- Plain calls ----

TEST(IoContextExecutorBlocking, PlainCallsRunOnAPoolOfItsOwn)
{
    io_context_executor io({.thread_name_prefix = "loop"});

    const auto name = io.submit([] { return this_worker::name(); });

    EXPECT_EQ(name.result(watchdog), "loop-blocking_0");
}

TEST(IoContextExecutorBlocking, PlainCallsRunOnThePoolThatWasGiven)
{
    thread_pool_executor pool(1, "given");
    io_context_executor io({.blocking = &pool});

    const auto name = io.submit([] { return this_worker::name(); });
    const auto named = io.submit({.name = "named"}, [] { return this_worker::name(); });

    EXPECT_EQ(name.result(watchdog), "given_0");
    EXPECT_EQ(named.result(watchdog), "given_0");
}

TEST(IoContextExecutorBlocking, APlainCallThatBlocksDoesNotStallTheLoop)
{
    gate coroutine_ran;
    io_context_executor io;

    const auto blocked = io.submit([&] { coroutine_ran.wait(); });
    const auto sum = io.submit(add, 1, 1);

    EXPECT_EQ(sum.result(watchdog), 2);
    coroutine_ran.open();
    EXPECT_NO_THROW(blocked.result(watchdog));
}

// ---- The loop ----

TEST(IoContextExecutor, AnExceptionFromAHandlerIsReportedAndTheLoopGoesOn)
{
    test::error_reports reports;
    io_context_executor io;

    asio::post(io.context(), [] { throw std::out_of_range("from a handler"); });

    EXPECT_EQ(io.submit(add, 2, 2).result(watchdog), 4);
    const auto report = reports.take_only();
    EXPECT_EQ(report.where, error_report::source::handler);
    EXPECT_EQ(test::error_reports::message(report.exception), "from a handler");
}

TEST(IoContextExecutor, AnExceptionFromACallbackIsReportedAndTheLoopGoesOn)
{
    test::error_reports reports;
    io_context_executor io;
    const auto sum = io.submit(add, 1, 2);
    sum.add_done_callback([](any_future) { throw std::out_of_range("from a callback"); });

    EXPECT_EQ(io.submit(add, 2, 2).result(watchdog), 4);
    io.shutdown();
    EXPECT_EQ(reports.take_only().where, error_report::source::done_callback);
}

asio::awaitable<int> interleave(int rounds)
{
    // Unsynchronised on purpose: one coroutine never runs on two threads at a time.
    int counter = 0;
    for (int n = 0; n != rounds; ++n) {
        co_await yield();
        ++counter;
    }
    co_return counter;
}

TEST(IoContextExecutor, WithSeveralThreadsEachCoroutineRunsOneStepAtATime)
{
    io_context_executor io(4);
    std::vector<future<int>> running;
    for (int n = 0; n != 50; ++n) {
        running.push_back(io.submit(interleave, 50));
    }

    for (const auto& one : running) {
        EXPECT_EQ(one.result(watchdog), 50);
    }
}

TEST(IoContextExecutor, RunsThousandsOfCoroutinesAtATime)
{
    io_context_executor io;
    promise<void> all_may_end;
    std::vector<future<void>> waiting;
    for (int n = 0; n != 5000; ++n) {
        waiting.push_back(io.submit(
            [](future<void> until) -> asio::awaitable<void> { co_await async_result(until); },
            all_may_end.get_future()));
    }

    all_may_end.set_result();

    EXPECT_TRUE(wait(waiting, {.timeout = watchdog}).not_done.empty());
    io.shutdown();
    EXPECT_EQ(io.stats().finished, 5000U);
}

// ---- map ----

asio::awaitable<int> square(int x)
{
    co_await yield();
    if (x < 0) {
        throw std::out_of_range("negative");
    }
    co_return x* x;
}

TEST(IoContextExecutorMap, OfACoroutineFunctionYieldsResultsInInputOrder)
{
    io_context_executor io;
    std::vector<int> squares;

    for (const int value : io.map(square, std::vector{3, 1, 2})) {
        squares.push_back(value);
    }

    EXPECT_EQ(squares, (std::vector{9, 1, 4}));
}

TEST(IoContextExecutorMap, GoesOnAfterAFailedCoroutine)
{
    io_context_executor io;
    auto squares = io.map({.buffer_size = 2}, square, std::vector{1, -1, 3});

    auto it = squares.begin();
    EXPECT_EQ(*it, 1);
    ++it;
    EXPECT_THROW(*it, std::out_of_range);
    ++it;
    EXPECT_EQ(*it, 9);
}

TEST(IoContextExecutorMap, UnorderedYieldsEachResultOnce)
{
    io_context_executor io(2);
    std::vector<int> numbers(20);
    std::iota(numbers.begin(), numbers.end(), 0);
    std::set<int> squares;

    for (const int value : io.map_unordered(square, numbers)) {
        EXPECT_TRUE(squares.insert(value).second);
    }

    EXPECT_EQ(squares.size(), 20U);
}

TEST(IoContextExecutorMap, OfAPlainFunctionRunsOnThePool)
{
    thread_pool_executor pool(2, "given");
    io_context_executor io({.blocking = &pool});

    for (const auto& name :
         io.map([](int) { return this_worker::name().substr(0, 5); }, std::vector{1, 2, 3})) {
        EXPECT_EQ(name, "given");
    }
}

// ---- The end ----

TEST(IoContextExecutorShutdown, WaitsForCoroutinesThatWait)
{
    promise<void> may_end;
    io_context_executor io;
    const auto waiting = io.submit(
        [](future<void> until) -> asio::awaitable<int> {
            co_await async_result(until);
            co_return 1;
        },
        may_end.get_future());

    EXPECT_FALSE(io.shutdown_for(std::chrono::milliseconds(0)));
    EXPECT_THROW(io.submit(yield), executor_shut_down);
    EXPECT_THROW(io.submit([] {}), executor_shut_down);
    may_end.set_result();
    io.shutdown();

    EXPECT_EQ(waiting.result(), 1);
    EXPECT_EQ(io.stats().workers, 0U);
}

TEST(IoContextExecutorShutdown, CanCancelWhatHasNotBegun)
{
    gate begun, never_begun;
    io_context_executor io;
    const auto runs = io.submit(wait_for_ever, std::ref(begun));
    begun.wait();
    held_loop loop(io);
    const auto queued = io.submit(wait_for_ever, std::ref(never_begun));

    io.shutdown({.wait = false, .cancel_futures = true});

    EXPECT_TRUE(queued.cancelled());
    EXPECT_TRUE(runs.running());
    runs.request_stop();
    loop.release();
    io.shutdown();
    EXPECT_TRUE(runs.cancelled());
    EXPECT_FALSE(never_begun.is_open());
}

TEST(IoContextExecutorShutdown, ForALimitedTimeGivesUpWhileThereIsOtherWorkOnTheContext)
{
    io_context_executor io;
    asio::steady_timer timer(io.context(), std::chrono::hours(1));
    timer.async_wait([](boost::system::error_code) {});

    EXPECT_FALSE(io.shutdown_for(std::chrono::milliseconds(1)));
    EXPECT_FALSE(io.shutdown_for(std::chrono::milliseconds(0)));
    EXPECT_THROW(io.submit(yield), executor_shut_down);
    asio::post(io.context(), [&] { timer.cancel(); });
    EXPECT_TRUE(io.shutdown_for(watchdog));

    EXPECT_EQ(io.stats().workers, 0U);
}

TEST(IoContextExecutorShutdown, WaitsForPlainCallsOnAPoolThatWasGiven)
{
    gate begun, may_end;
    std::atomic<bool> told{false};
    thread_pool_executor pool(1);
    io_context_executor io({.blocking = &pool});
    const opens_at_exit release(may_end);
    const auto call = io.submit([&] {
        begun.open();
        may_end.wait();
        return 1;
    });
    call.add_done_callback([&](any_future) { told = true; });
    begun.wait();

    EXPECT_FALSE(io.wait_idle(std::chrono::milliseconds(0)));
    EXPECT_FALSE(io.shutdown_for(std::chrono::milliseconds(0)));
    may_end.open();
    io.shutdown();

    EXPECT_TRUE(told);
    EXPECT_EQ(call.result(std::chrono::milliseconds(0)), 1);
    EXPECT_EQ(pool.submit([] { return 2; }).result(watchdog), 2) << "it is not this executor's";
}

TEST(IoContextExecutorShutdown, TheDestructorWaitsForPlainCallsOnAPoolThatWasGiven)
{
    std::atomic<int> ran{0};
    thread_pool_executor pool(2);
    {
        io_context_executor io({.blocking = &pool});
        for (int n = 0; n != 100; ++n) {
            io.submit([&] { ++ran; });
        }
        io.submit({.name = "named"}, [&] { ++ran; });
    }

    EXPECT_EQ(ran, 101);
}

TEST(IoContextExecutorShutdown, DoesNotWaitForPlainCallsThatWereCancelledOrRefused)
{
    gate begun, may_end;
    thread_pool_executor pool(1);
    io_context_executor io({.blocking = &pool});
    const opens_at_exit release(may_end);
    const auto busy = pool.submit([&] {
        begun.open();
        may_end.wait();
    });
    begun.wait();
    const auto cancelled = io.submit([] {});
    const auto stopped = io.submit([] {});

    EXPECT_TRUE(cancelled.cancel());
    EXPECT_TRUE(stopped.request_stop());
    EXPECT_TRUE(io.wait_idle(watchdog));

    const auto dropped = io.submit([] {});
    pool.shutdown({.wait = false, .cancel_futures = true});
    EXPECT_TRUE(dropped.cancelled());
    EXPECT_THROW(io.submit([] {}), executor_shut_down);
    EXPECT_TRUE(io.wait_idle(watchdog));
}

TEST(IoContextExecutorShutdown, DoesNotWaitForPlainCallsOfABrokenPool)
{
    test::error_reports reports;
    gate submitted;
    thread_pool_executor pool({.max_workers = 1, .initializer = {[&submitted] {
                                                     submitted.wait();
                                                     throw std::runtime_error("no");
                                                 }}});
    io_context_executor io({.blocking = &pool});
    const auto failed = io.submit([] {});
    submitted.open();

    EXPECT_THROW(failed.result(watchdog), broken_thread_pool);
    EXPECT_TRUE(io.wait_idle(watchdog));
    EXPECT_EQ(reports.take_only().where, error_report::source::initializer);
}

TEST(IoContextExecutorShutdown, WaitingForItselfOnAPoolThatWasGivenIsRefused)
{
    thread_pool_executor pool(1);
    io_context_executor io({.blocking = &pool});

    EXPECT_THROW(io.submit([&io] { io.wait_idle(); }).result(watchdog), deadlock_error);
    EXPECT_TRUE(pool.submit([&io] { return io.wait_idle(); }).result(watchdog))
        << "this one is not a call of the io_context_executor's";
}

TEST(IoContextExecutorShutdown, OnAThreadOfAPoolThatWasGivenTheDestructorDoesNotWait)
{
    gate destroyed, may_end;
    thread_pool_executor pool(1);
    const opens_at_exit release(may_end);
    auto io = std::make_unique<io_context_executor>(io_context_options{.blocking = &pool});
    const auto coroutine = io->submit(add, 1, 2);

    const auto last = io->submit([&] {
        io.reset();
        destroyed.open();
        may_end.wait();
    });

    destroyed.wait();
    may_end.open();
    EXPECT_NO_THROW(last.result(watchdog));
    EXPECT_EQ(coroutine.result(watchdog), 3);
}

TEST(IoContextExecutorShutdown, InTheCallbackOfACancelledCoroutineTheDestructorWaitsForTheRest)
{
    auto io = std::make_unique<io_context_executor>();
    auto loop = std::make_unique<held_loop>(*io);
    const auto cancelled = io->submit(add, 1, 2);
    const auto other = io->submit(add, 3, 4);
    cancelled.add_done_callback([&](any_future) {
        loop.reset();
        io.reset();
    });

    EXPECT_TRUE(cancelled.cancel());

    EXPECT_EQ(other.result(std::chrono::seconds(0)), 7);
}

// ---- Idle ----

asio::awaitable<void> take_several_steps()
{
    for (int n = 0; n != 20; ++n) {
        co_await yield();
    }
}

TEST(IoContextExecutorIdle, IsNotWhatRunsACoroutineThatAPlainCallSubmitted)
{
    io_context_executor io;
    for (int n = 0; n != 100; ++n) {
        gate begun, may_go;
        future<void> coroutine;
        io.submit([&] {
            begun.open();
            may_go.wait();
            coroutine = io.submit(take_several_steps);
        });
        begun.wait();
        std::thread waiter([&] {
            may_go.open();
            EXPECT_TRUE(io.wait_idle(watchdog));
            EXPECT_TRUE(coroutine.done()) << "round " << n;
        });
        waiter.join();
        io.wait_idle();
    }
}

TEST(IoContextExecutorIdle, IsWhenFailuresThatNobodyLookedAtAreTold)
{
    test::error_reports reports;
    io_context_executor io;
    for (int n = 0; n != 100; ++n) {
        io.submit(fail_after_a_while);
        io.wait_idle();
        ASSERT_EQ(reports.take().size(), 1U) << "round " << n;

        io.submit([] { throw std::out_of_range("plain"); });
        io.wait_idle();
        ASSERT_EQ(reports.take().size(), 1U) << "round " << n;
    }
}

TEST(IoContextExecutorIdle, IsWhenCallbacksOfPlainCallsHaveRun)
{
    gate begun, may_end;
    io_context_executor io;
    const opens_at_exit release(may_end);
    const auto call = io.submit([&] { begun.wait(); });
    call.add_done_callback([&](any_future) { may_end.wait(); });
    begun.open();
    call.wait();

    EXPECT_FALSE(io.wait_idle(std::chrono::milliseconds(0)));
    may_end.open();
    EXPECT_TRUE(io.wait_idle(watchdog));
}

asio::awaitable<void> destroy(std::unique_ptr<io_context_executor>& io, gate& destroyed)
{
    co_await yield();
    io.reset();
    destroyed.open();
    co_await yield();
}

TEST(IoContextExecutorShutdown, OnItsOwnThreadTheDestructorDoesNotWait)
{
    gate destroyed;
    auto io = std::make_unique<io_context_executor>();
    const auto queued_later = io->submit(add, 1, 2);

    const auto last = io->submit(destroy, std::ref(io), std::ref(destroyed));

    destroyed.wait();
    EXPECT_NO_THROW(last.result(watchdog));
    EXPECT_EQ(queued_later.result(watchdog), 3);
}

TEST(IoContextExecutorShutdown, OnAThreadOfItsOwnPoolTheDestructorDoesNotWait)
{
    gate destroyed, may_end;
    const opens_at_exit release(may_end);
    auto io = std::make_unique<io_context_executor>();
    const auto coroutine = io->submit(add, 1, 2);

    const auto last = io->submit([&] {
        io.reset();
        destroyed.open();
        may_end.wait();
    });

    destroyed.wait();
    may_end.open();
    EXPECT_NO_THROW(last.result(watchdog));
    EXPECT_EQ(coroutine.result(watchdog), 3);
}

asio::awaitable<void> shut_down(io_context_executor& io)
{
    io.shutdown();
    co_return;
}

TEST(IoContextExecutorShutdown, WaitingForItselfIsRefused)
{
    io_context_executor io;

    EXPECT_THROW(io.submit([&io] { io.wait_idle(); }).result(watchdog), deadlock_error);
    EXPECT_THROW(io.submit(shut_down, std::ref(io)).result(watchdog), deadlock_error);
}

TEST(IoContextExecutorShutdown, MayHappenFromSeveralThreads)
{
    io_context_executor io(2);
    std::vector<future<int>> sums;
    for (int n = 0; n != 100; ++n) {
        sums.push_back(io.submit(add, n, n));
    }

    std::thread other([&io] { io.shutdown(); });
    io.shutdown();
    other.join();

    for (const auto& sum : sums) {
        EXPECT_TRUE(sum.done());
    }
}

TEST(IoContextExecutor, LeavesClosedStandardDescriptorsAlone)
{
    bool unusable = false;
    {
        const test::closed_standard_descriptors closed;
        io_context_executor io;
        const auto wait = []() -> asio::awaitable<void> {
            asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::seconds(0));
            co_await timer.async_wait(asio::use_awaitable); // by now the context has its events
        };
        io.submit(wait).result(watchdog);
        unusable = test::standard_descriptors_are_unusable();
    }
    EXPECT_TRUE(unusable);
}

} // namespace

} // namespace cofutures
