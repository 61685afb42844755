// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What every executor promises, in this process or in others.
///
/// The tests submit captureless functions of this file only, so that a harness of the process pool can
/// instantiate them too: `INSTANTIATE_TYPED_TEST_SUITE_P(ProcessPool, ExecutorContract, my_harness);`
/// See support/executors.hpp for what a harness is.

#include <cofutures/as_completed.hpp>
#include <cofutures/error.hpp>
#include <cofutures/executor.hpp>
#include <cofutures/wait.hpp>

#include "support/error_reports.hpp"
#include "support/expect_error.hpp"
#include "support/gate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace cofutures::test {

inline int answer()
{
    return 42;
}
inline int doubled(int value)
{
    return 2 * value;
}
inline int added(int left, int right)
{
    return left + right;
}
inline std::string joined(std::string left, std::string right)
{
    return left + right;
}
inline int as_number(bool bit)
{
    return bit ? 1 : 0;
}
inline void nothing() {}
inline int fails()
{
    throw std::out_of_range("it failed");
}
inline int fails_for_odd(int value)
{
    if (value % 2 != 0) {
        throw std::out_of_range(std::to_string(value) + " is odd");
    }
    return value;
}

template <typename Harness>
class ExecutorContract : public testing::Test {
protected:
    auto& executor() { return harness.executor(); }

    template <typename Function, typename... Args>
    auto submit(Function function, Args... args)
    {
        return executor().submit(harness.call(function), args...);
    }

    /// Whether the rest of the test makes sense; it needs tasks that wait in a queue.
    bool occupied()
    {
        if constexpr (!Harness::queues) {
            return false;
        } else {
            harness.occupy();
            return true;
        }
    }

    static_assert(
        executor_like<std::remove_reference_t<decltype(std::declval<Harness&>().executor())>>);

    error_reports reports; // an unexpected one fails the test
    Harness harness;
};

TYPED_TEST_SUITE_P(ExecutorContract);

TYPED_TEST_P(ExecutorContract, SubmitGivesTheResult)
{
    const auto future = this->submit(&added, 1, 2);
    this->harness.go();

    EXPECT_EQ(future.result(watchdog), 3);
}

TYPED_TEST_P(ExecutorContract, SubmitTakesResultsAndArgumentsOfOtherTypes)
{
    const auto text = this->submit(&joined, std::string("left "), std::string("right"));
    const auto none = this->submit(&nothing);
    this->harness.go();

    EXPECT_EQ(text.result(watchdog), "left right");
    none.result(watchdog);
}

TYPED_TEST_P(ExecutorContract, AnExceptionOfTheTaskIsTheFutures)
{
    const auto future = this->submit(&fails);
    this->harness.go();

    EXPECT_EQ(message_of<std::out_of_range>([&] { future.result(watchdog); }), "it failed");
    EXPECT_NE(future.exception(), nullptr);
}

TYPED_TEST_P(ExecutorContract, AFailedTaskDoesNotHarmTheExecutor)
{
    const auto failed = this->submit(&fails);
    const auto after = this->submit(&answer);
    this->harness.go();

    EXPECT_EQ(after.result(watchdog), 42);
    EXPECT_TRUE(failed.exception(watchdog));
}

TYPED_TEST_P(ExecutorContract, DiscardedFuturesDoNotCancelOrBlock)
{
    this->submit(&answer);
    this->harness.go();

    EXPECT_TRUE(this->executor().wait_idle(watchdog));
}

TYPED_TEST_P(ExecutorContract, ANullFunctionIsRefused)
{
    int (*const null)() = nullptr;

    EXPECT_THROW(this->submit(null), std::invalid_argument);
    this->harness.go();
    EXPECT_TRUE(this->executor().wait_idle(watchdog));
}

TYPED_TEST_P(ExecutorContract, AQueuedTaskIsPendingAndCanBeCancelled)
{
    if (!this->occupied()) {
        GTEST_SKIP() << "tasks are never queued";
    }
    const auto future = this->submit(&answer);

    EXPECT_FALSE(future.running());
    EXPECT_FALSE(future.done());
    EXPECT_TRUE(future.cancel());

    EXPECT_TRUE(future.cancelled());
    this->harness.go();
    EXPECT_TRUE(this->executor().wait_idle(watchdog));
    EXPECT_THROW(future.result(), cancelled_error);
}

TYPED_TEST_P(ExecutorContract, ManyTasksAllFinish)
{
    std::vector<future<int>> futures;
    for (int value = 0; value != 200; ++value) {
        futures.push_back(this->submit(&doubled, value));
    }
    this->harness.go();

    const auto [done, not_done] = wait(futures, {.timeout = watchdog});
    EXPECT_TRUE(not_done.empty());
    for (int value = 0; value != 200; ++value) {
        EXPECT_EQ(futures[static_cast<std::size_t>(value)].result(), 2 * value);
    }
}

TYPED_TEST_P(ExecutorContract, AsCompletedYieldsEachFutureOnce)
{
    std::vector<future<int>> futures;
    for (int value = 0; value != 20; ++value) {
        futures.push_back(this->submit(&doubled, value));
    }
    this->harness.go();

    std::vector<int> results;
    for (const auto& future : as_completed(futures, {.timeout = watchdog})) {
        results.push_back(future.result());
    }
    std::sort(results.begin(), results.end());
    for (int value = 0; value != 20; ++value) {
        EXPECT_EQ(results.at(static_cast<std::size_t>(value)), 2 * value);
    }
}

TYPED_TEST_P(ExecutorContract, MapYieldsInInputOrder)
{
    const std::vector inputs{5, 1, 4, 2, 3};
    auto range = this->executor().map({.timeout = watchdog}, this->harness.call(&doubled), inputs);
    this->harness.go();

    std::vector<int> results;
    for (const int result : range) {
        results.push_back(result);
    }
    EXPECT_EQ(results, (std::vector{10, 2, 8, 4, 6}));
}

TYPED_TEST_P(ExecutorContract, MapZipsToTheShortestInput)
{
    auto range =
        this->executor().map(this->harness.call(&added), std::vector{1, 2, 3}, std::vector{10, 20});
    this->harness.go();

    std::vector<int> results;
    for (const int result : range) {
        results.push_back(result);
    }
    EXPECT_EQ(results, (std::vector{11, 22}));
}

TYPED_TEST_P(ExecutorContract, MapOfNothingIsEmpty)
{
    auto range = this->executor().map(this->harness.call(&doubled), std::vector<int>());

    EXPECT_TRUE(range.begin() == range.end());
}

TYPED_TEST_P(ExecutorContract, MapGoesOnAfterAFailedItem)
{
    for (const std::size_t chunk_size : {std::size_t{1}, std::size_t{2}, std::size_t{10}}) {
        SCOPED_TRACE(chunk_size);
        const std::vector inputs{0, 1, 2, 3, 4};
        auto range = this->executor().map({.timeout = watchdog, .chunk_size = chunk_size},
                                          this->harness.call(&fails_for_odd),
                                          inputs);
        this->harness.go();

        std::vector<std::string> outcomes;
        for (auto item = range.begin(); item != range.end(); ++item) {
            try {
                outcomes.push_back(std::to_string(*item));
            } catch (const std::out_of_range& error) {
                outcomes.emplace_back(error.what());
            }
        }
        EXPECT_EQ(outcomes, (std::vector<std::string>{"0", "1 is odd", "2", "3 is odd", "4"}));
    }
}

TYPED_TEST_P(ExecutorContract, MapTakesTheValuesOfRangesOfProxies)
{
    for (const std::size_t chunk_size : {std::size_t{1}, std::size_t{7}}) {
        SCOPED_TRACE(chunk_size);
        const bool queued = this->occupied();
        std::vector<bool> bits(64, true);
        const map_options options{.timeout = watchdog, .chunk_size = chunk_size};
        auto of_lvalue = this->executor().map(options, this->harness.call(&as_number), bits);
        auto of_rvalue = this->executor().map(
            options, this->harness.call(&as_number), std::vector<bool>(64, true));
        auto unordered =
            this->executor().map_unordered(options, this->harness.call(&as_number), bits);
        if (queued) {
            bits.assign(64, false); // the tasks have the values of before
        }
        bits = {};
        this->harness.go();

        for (auto* const range : {&of_lvalue, &of_rvalue, &unordered}) {
            int sum = 0;
            for (const int bit : *range) {
                sum += bit;
            }
            EXPECT_EQ(sum, 64);
        }
    }
}

TYPED_TEST_P(ExecutorContract, MapMayBeIteratedOnAfterItsTimeIsOver)
{
    if (!this->occupied()) {
        GTEST_SKIP() << "there is nobody else to wait for";
    }
    for (const std::size_t chunk_size : {std::size_t{1}, std::size_t{2}}) {
        SCOPED_TRACE(chunk_size);
        const map_options options{.timeout = std::chrono::seconds(0), .chunk_size = chunk_size};
        const std::vector inputs{1, 2, 3};
        auto in_order = this->executor().map(options, this->harness.call(&doubled), inputs);
        auto unordered =
            this->executor().map_unordered(options, this->harness.call(&doubled), inputs);

        for (auto* const range : {&in_order, &unordered}) {
            std::size_t timeouts = 0;
            for (auto item = range->begin(); item != range->end(); ++item) {
                try {
                    ADD_FAILURE() << *item;
                } catch (const timeout_error&) {
                    ++timeouts;
                }
            }
            EXPECT_EQ(timeouts, 1U);
        }
    }
    this->harness.go();
}

TYPED_TEST_P(ExecutorContract, MapUnorderedYieldsEachItemOnce)
{
    const std::vector inputs{1, 2, 3, 4, 5, 6, 7};
    auto range = this->executor().map_unordered(
        {.timeout = watchdog, .chunk_size = 2}, this->harness.call(&doubled), inputs);
    this->harness.go();

    std::vector<int> results;
    for (const int result : range) {
        results.push_back(result);
    }
    std::sort(results.begin(), results.end());
    EXPECT_EQ(results, (std::vector{2, 4, 6, 8, 10, 12, 14}));
}

TYPED_TEST_P(ExecutorContract, MapRefusesSizesOfZero)
{
    const std::vector inputs{1};

    EXPECT_THROW(this->executor().map({.chunk_size = 0}, this->harness.call(&doubled), inputs),
                 std::invalid_argument);
    EXPECT_THROW(this->executor().map({.buffer_size = 0}, this->harness.call(&doubled), inputs),
                 std::invalid_argument);
    EXPECT_THROW(
        this->executor().map_unordered({.buffer_size = 0}, this->harness.call(&doubled), inputs),
        std::invalid_argument);
}

TYPED_TEST_P(ExecutorContract, SubmitAndMapAfterShutdownAreRefused)
{
    this->executor().shutdown();

    EXPECT_THROW(this->submit(&answer), executor_shut_down);
    EXPECT_THROW(this->executor().map(this->harness.call(&doubled), std::vector{1}),
                 executor_shut_down);
}

TYPED_TEST_P(ExecutorContract, ShutdownWaitsForAllAcceptedWork)
{
    std::vector<future<int>> futures;
    for (int value = 0; value != 20; ++value) {
        futures.push_back(this->submit(&doubled, value));
    }

    this->executor().shutdown();

    for (int value = 0; value != 20; ++value) {
        EXPECT_EQ(futures[static_cast<std::size_t>(value)].result(std::chrono::seconds(0)),
                  2 * value);
    }
}

TYPED_TEST_P(ExecutorContract, ShutdownMayBeCalledAgain)
{
    const auto future = this->submit(&answer);

    this->executor().shutdown();
    this->executor().shutdown();
    this->executor().shutdown({.wait = false, .cancel_futures = true});
    EXPECT_TRUE(this->executor().shutdown_for(std::chrono::seconds(0)));

    EXPECT_EQ(future.result(), 42); // results stay readable
}

TYPED_TEST_P(ExecutorContract, ShutdownWithoutWaitingStillRunsAcceptedWork)
{
    this->occupied();
    const auto future = this->submit(&answer);

    this->executor().shutdown({.wait = false});
    EXPECT_THROW(this->submit(&answer), executor_shut_down);
    this->harness.go();

    EXPECT_EQ(future.result(watchdog), 42);
}

TYPED_TEST_P(ExecutorContract, ShutdownCanCancelWhatHasNotBegun)
{
    if (!this->occupied()) {
        GTEST_SKIP() << "tasks are never queued";
    }
    std::vector<future<int>> futures;
    for (int value = 0; value != 10; ++value) {
        futures.push_back(this->submit(&doubled, value));
    }

    this->executor().shutdown({.wait = false, .cancel_futures = true});

    EXPECT_EQ(wait(futures, {.timeout = std::chrono::seconds(0)}).done.size(), 10U);
    for (const auto& future : futures) {
        EXPECT_TRUE(future.cancelled());
    }
    this->harness.go();
}

TYPED_TEST_P(ExecutorContract, AFutureCancelledBeforeShutdownDoesNotHangIt)
{
    this->occupied();
    const auto future = this->submit(&answer);
    future.cancel();
    this->harness.go();

    this->executor().shutdown();

    EXPECT_TRUE(future.done());
}

TYPED_TEST_P(ExecutorContract, ShutdownForGivesUpAndTheWorkGoesOn)
{
    if (!TypeParam::runs_by_itself || !this->occupied()) {
        GTEST_SKIP() << "work never goes on by itself";
    }
    const auto future = this->submit(&answer);

    EXPECT_FALSE(this->executor().shutdown_for(std::chrono::seconds(0)));
    EXPECT_FALSE(future.done());
    this->harness.go();

    EXPECT_TRUE(this->executor().shutdown_for(watchdog));
    EXPECT_EQ(future.result(std::chrono::seconds(0)), 42);
}

TYPED_TEST_P(ExecutorContract, WaitIdleReturnsWhenAllIsDoneAndTheExecutorGoesOn)
{
    const auto first = this->submit(&answer);
    EXPECT_TRUE(this->executor().wait_idle(watchdog));
    EXPECT_TRUE(first.done());

    const auto second = this->submit(&answer);
    EXPECT_TRUE(this->executor().wait_idle());
    EXPECT_TRUE(second.done());
}

TYPED_TEST_P(ExecutorContract, WaitIdleGivesUp)
{
    if (!TypeParam::runs_by_itself || !this->occupied()) {
        GTEST_SKIP() << "there is nobody else to wait for";
    }
    const auto future = this->submit(&answer);

    EXPECT_FALSE(this->executor().wait_idle(std::chrono::seconds(0)));

    EXPECT_FALSE(future.done());
    this->harness.go();
}

TYPED_TEST_P(ExecutorContract, WaitIdleWaitsForTheCallbacksOfACancelledTask)
{
    if (!this->occupied()) {
        GTEST_SKIP() << "tasks are never queued";
    }
    gate begun, may_end;
    std::atomic<bool> ended{false};
    const auto future = this->submit(&answer);
    future.add_done_callback([&](const any_future&) {
        begun.open();
        may_end.wait();
        ended = true;
    });
    std::thread canceller([&] { future.cancel(); });
    begun.wait();
    this->harness.go();

    EXPECT_FALSE(this->executor().wait_idle(std::chrono::seconds(0)));
    EXPECT_FALSE(this->executor().wait_idle(std::chrono::milliseconds(1)));
    may_end.open();
    EXPECT_TRUE(this->executor().wait_idle(watchdog));

    EXPECT_TRUE(ended);
    canceller.join();
}

TYPED_TEST_P(ExecutorContract, ACallbackOfACancelledTaskMayWaitForTheRest)
{
    if (!this->occupied()) {
        GTEST_SKIP() << "tasks are never queued";
    }
    bool idle = false;
    const auto future = this->submit(&answer);
    const auto other = this->submit(&answer);
    future.add_done_callback([&](const any_future&) {
        this->harness.go();
        idle = this->executor().wait_idle(watchdog);
    });

    EXPECT_TRUE(future.cancel());

    EXPECT_TRUE(idle);
    EXPECT_EQ(other.result(std::chrono::seconds(0)), 42);
}

REGISTER_TYPED_TEST_SUITE_P(ExecutorContract,
                            SubmitGivesTheResult,
                            SubmitTakesResultsAndArgumentsOfOtherTypes,
                            AnExceptionOfTheTaskIsTheFutures,
                            AFailedTaskDoesNotHarmTheExecutor,
                            DiscardedFuturesDoNotCancelOrBlock,
                            ANullFunctionIsRefused,
                            AQueuedTaskIsPendingAndCanBeCancelled,
                            ManyTasksAllFinish,
                            AsCompletedYieldsEachFutureOnce,
                            MapYieldsInInputOrder,
                            MapZipsToTheShortestInput,
                            MapOfNothingIsEmpty,
                            MapGoesOnAfterAFailedItem,
                            MapTakesTheValuesOfRangesOfProxies,
                            MapMayBeIteratedOnAfterItsTimeIsOver,
                            MapUnorderedYieldsEachItemOnce,
                            MapRefusesSizesOfZero,
                            SubmitAndMapAfterShutdownAreRefused,
                            ShutdownWaitsForAllAcceptedWork,
                            ShutdownMayBeCalledAgain,
                            ShutdownWithoutWaitingStillRunsAcceptedWork,
                            ShutdownCanCancelWhatHasNotBegun,
                            AFutureCancelledBeforeShutdownDoesNotHangIt,
                            ShutdownForGivesUpAndTheWorkGoesOn,
                            WaitIdleReturnsWhenAllIsDoneAndTheExecutorGoesOn,
                            WaitIdleGivesUp,
                            WaitIdleWaitsForTheCallbacksOfACancelledTask,
                            ACallbackOfACancelledTaskMayWaitForTheRest);

} // namespace cofutures::test
