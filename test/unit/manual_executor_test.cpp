// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// The executor whose tasks and clock a test moves by hand, and the one that runs tasks in submit().

#include <cofutures/inline_executor.hpp>
#include <cofutures/manual_executor.hpp>
#include <cofutures/promise.hpp>

#include "support/error_reports.hpp"
#include "support/expect_error.hpp"
#include "support/tracked.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace cf = cofutures;
using namespace std::chrono_literals;
using cf::test::message_of;
using cf::test::tracked;
using cf::test::tracked_counts;

namespace {

TEST(ManualExecutor, RunsNothingByItself)
{
    cf::manual_executor executor;
    const auto future = executor.submit([] { return 1; });

    EXPECT_EQ(executor.queued(), 1U);
    EXPECT_FALSE(future.done());

    executor.run();
    EXPECT_EQ(future.result(0s), 1);
}

TEST(ManualExecutor, StepRunsTheOldestTask)
{
    cf::manual_executor executor;
    std::string order;
    executor.submit([&] { order += 'a'; });
    executor.submit([&] { order += 'b'; });

    EXPECT_TRUE(executor.step());
    EXPECT_EQ(order, "a");
    EXPECT_TRUE(executor.step());
    EXPECT_FALSE(executor.step());
    EXPECT_EQ(order, "ab");
}

TEST(ManualExecutor, RunLeavesTasksThatTasksSubmit)
{
    cf::manual_executor executor;
    bool later = false;
    executor.submit([&] { executor.submit([&] { later = true; }); });
    executor.submit([] {});

    EXPECT_EQ(executor.run(), 2U);

    EXPECT_FALSE(later);
    EXPECT_EQ(executor.queued(), 1U);
}

TEST(ManualExecutor, DrainRunsTasksThatTasksSubmit)
{
    cf::manual_executor executor;
    bool later = false;
    executor.submit([&] { executor.submit([&] { later = true; }); });

    EXPECT_EQ(executor.drain(), 2U);

    EXPECT_TRUE(later);
}

TEST(ManualExecutor, RunsInTheThreadThatStepsIt)
{
    cf::manual_executor executor;
    const auto future = executor.submit([] { return std::this_thread::get_id(); });

    executor.step();

    EXPECT_EQ(future.result(0s), std::this_thread::get_id());
}

TEST(ManualExecutor, TheClockStandsStillUnlessMoved)
{
    cf::manual_executor executor;
    EXPECT_EQ(executor.now(), cf::manual_executor::time_point());

    executor.advance(3s);

    EXPECT_EQ(executor.now().time_since_epoch(), 3s);
    EXPECT_THROW(executor.advance(-1s), std::invalid_argument);
    executor.advance(cf::manual_executor::duration::max()); // does not overflow
    EXPECT_EQ(executor.now(), cf::manual_executor::time_point::max());
}

TEST(ManualExecutor, DelayedTasksBecomeReadyAtTheirTime)
{
    cf::manual_executor executor;
    std::string order;
    executor.submit_after(2s, [&] { order += 'b'; });
    executor.submit_after(1s, [&] { order += 'a'; });
    executor.submit_after(2s, [&] { order += 'c'; });
    EXPECT_EQ(executor.delayed(), 3U);

    executor.advance(1s);
    EXPECT_EQ(executor.queued(), 1U);
    EXPECT_EQ(order, "");
    executor.drain();
    EXPECT_EQ(order, "a");

    executor.advance(1s);
    executor.drain();
    EXPECT_EQ(order, "abc"); // equal times keep the order of submission
}

TEST(ManualExecutor, ADelayOfNothingIsReadyAtOnce)
{
    cf::manual_executor executor;

    executor.submit_after(0s, [] {});
    executor.submit_after(-1s, [] {});

    EXPECT_EQ(executor.queued(), 2U);
}

TEST(ManualExecutor, ADelayedTaskCanBeCancelled)
{
    cf::manual_executor executor;
    const auto future = executor.submit_after(1s, [] {});

    EXPECT_TRUE(future.cancel());

    EXPECT_EQ(executor.delayed(), 0U);
    EXPECT_EQ(executor.stats().cancelled, 1U);
}

TEST(ManualExecutor, RunUntilDoneMovesTheClock)
{
    cf::manual_executor executor;
    std::string order;
    const auto future = executor.submit_after(1h, [&] { order += 'b'; });
    executor.submit([&] { order += 'a'; });
    executor.submit_after(2h, [&] { order += 'c'; });

    executor.run_until_done(future);

    EXPECT_EQ(order, "ab");
    EXPECT_EQ(executor.now().time_since_epoch(), 1h);
}

TEST(ManualExecutor, RunUntilDoneRefusesToHang)
{
    cf::manual_executor executor;
    const cf::promise<int> promise;
    const auto future = promise.get_future();

    const auto message = message_of<cf::deadlock_error>([&] { executor.run_until_done(future); });

    EXPECT_NE(message.find(to_string(future)), std::string::npos) << message;
    future.cancel();
}

TEST(ManualExecutor, ShutdownRunsEverythingInOrderOfTime)
{
    cf::manual_executor executor;
    std::string order;
    executor.submit_after(2s, [&] { order += 'c'; });
    executor.submit_after(1s, [&] { order += 'b'; });
    executor.submit([&] { order += 'a'; });

    executor.shutdown();

    EXPECT_EQ(order, "abc");
}

TEST(ManualExecutor, ShutdownWithoutWaitingLeavesTheTasksToBeStepped)
{
    cf::manual_executor executor;
    const auto future = executor.submit([] { return 1; });

    executor.shutdown({.wait = false});

    EXPECT_FALSE(future.done());
    EXPECT_THROW(executor.submit([] {}), cf::executor_shut_down);
    EXPECT_EQ(executor.run(), 1U);
    EXPECT_EQ(future.result(0s), 1);
}

TEST(ManualExecutor, ShutdownCancelsDelayedTasksToo)
{
    cf::manual_executor executor;
    const auto queued = executor.submit([] {});
    const auto delayed = executor.submit_after(1s, [] {});

    executor.shutdown({.cancel_futures = true});

    EXPECT_TRUE(queued.cancelled());
    EXPECT_TRUE(delayed.cancelled());
    EXPECT_EQ(executor.stats().cancelled, 2U);
}

TEST(ManualExecutor, DestructorRunsWhatIsLeft)
{
    std::string order;
    {
        cf::manual_executor executor;
        executor.submit_after(1s, [&] { order += 'b'; });
        executor.submit([&] { order += 'a'; });
    }

    EXPECT_EQ(order, "ab");
}

TEST(ManualExecutor, WaitingInsideItsOwnTaskIsRefused)
{
    cf::manual_executor executor;
    const auto future = executor.submit([&] {
        EXPECT_THROW(executor.wait_idle(), cf::deadlock_error);
        EXPECT_THROW(executor.shutdown(), cf::deadlock_error);
        EXPECT_THROW(executor.shutdown_for(0s), cf::deadlock_error);
    });

    executor.run();

    future.result(0s);
    EXPECT_THROW(executor.submit([] {}), cf::executor_shut_down); // intake was stopped
}

TEST(ManualExecutor, TasksMayStepTheirExecutor)
{
    cf::manual_executor executor;
    std::string order;
    executor.submit([&] {
        order += 'a';
        executor.step();
        order += 'c';
    });
    executor.submit([&] { order += 'b'; });

    executor.step();

    EXPECT_EQ(order, "abc");
    EXPECT_EQ(executor.stats().finished, 2U);
}

TEST(InlineExecutor, RunsTheTaskInTheCallOfSubmit)
{
    cf::inline_executor executor;

    const auto future = executor.submit([] { return std::this_thread::get_id(); });

    EXPECT_TRUE(future.done());
    EXPECT_EQ(future.result(0s), std::this_thread::get_id());
    EXPECT_FALSE(future.cancel());
}

TEST(InlineExecutor, KeepsExceptionsInTheFuture)
{
    cf::inline_executor executor;

    const auto future = executor.submit([]() -> int { throw std::runtime_error("x"); });

    EXPECT_THROW(future.result(), std::runtime_error);
    EXPECT_EQ(executor.stats().failed, 1U);
}

TEST(InlineExecutor, TasksMaySubmit)
{
    cf::inline_executor executor;

    const auto future =
        executor.submit([&] { return executor.submit([] { return 7; }).result() + 1; });

    EXPECT_EQ(future.result(), 8);
    EXPECT_EQ(executor.stats().finished, 2U);
}

TEST(InlineExecutor, WaitingInsideItsOwnTaskIsRefused)
{
    cf::inline_executor executor;

    executor
        .submit([&] {
            EXPECT_THROW(executor.wait_idle(), cf::deadlock_error);
            EXPECT_THROW(executor.shutdown(), cf::deadlock_error);
        })
        .result();

    EXPECT_THROW(executor.submit([] {}), cf::executor_shut_down);
}

TEST(InlineExecutor, MapIsSequential)
{
    cf::inline_executor executor;
    std::string order;
    const std::vector letters{'a', 'b', 'c'};

    for (const char letter : executor.map(
             [&](char c) {
                 order += c;
                 return c;
             },
             letters)) {
        EXPECT_EQ(order, "abc") << letter; // everything ran in map()
    }
}

} // namespace
