// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// Rows of docs/python_map.md that no other test is about.

#include <cofutures/cofutures.hpp>

#include "support/error_reports.hpp"
#include "support/gate.hpp"
#include "support/tracked.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/resource.h>

namespace cofutures {

namespace {

using test::gate;
using test::watchdog;

// Row 37.
TEST(PythonMap, ACallbackMayThrowAnythingAndTheWorkerLivesOn)
{
    test::error_reports reports;
    gate may_end;
    thread_pool_executor pool(1);
    const test::opens_at_exit release(may_end);
    const auto first = pool.submit([&] { may_end.wait(); });
    first.add_done_callback([](any_future) { throw 42; }); // no std::exception

    may_end.open();

    EXPECT_EQ(pool.submit([] { return 1; }).result(watchdog), 1);
    EXPECT_EQ(reports.take_only().where, error_report::source::done_callback);
}

// Row 53.
TEST(PythonMap, WaitMixesFuturesOfDifferentExecutors)
{
    thread_pool_executor pool(1);
    inline_executor here;
    manual_executor by_hand;
    const auto threaded = pool.submit([] { return 1; });
    const auto inlined = here.submit([] { return std::string("2"); });
    const auto queued = by_hand.submit([] {});

    threaded.wait();
    const auto [done, not_done] =
        wait({threaded, queued, inlined}, {.return_when = return_when::first_completed});

    EXPECT_EQ(done, (std::vector<any_future>{threaded, inlined}));
    EXPECT_EQ(not_done, std::vector<any_future>{queued});
}

// Row 74.
TEST(PythonMap, ABrokenPoolSaysSoAlsoAfterShutdown)
{
    test::error_reports reports;
    thread_pool_executor pool(
        {.max_workers = 1, .initializer = {[] { throw std::out_of_range("no"); }}});
    const auto lost = pool.submit([] {});
    EXPECT_THROW(lost.result(watchdog), broken_thread_pool);

    pool.shutdown();

    EXPECT_THROW(pool.submit([] {}), broken_thread_pool);
    EXPECT_EQ(reports.take_only().where, error_report::source::initializer);
}

/// Leaves room for the program as it is, but not for the stack of another thread.
void leave_no_memory_for_threads()
{
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t limit = pages * 4096 + (rlim_t{1} << 20);
    const rlimit tight{limit, RLIM_INFINITY};
    ::setrlimit(RLIMIT_AS, &tight);
}

/// In a process of its own: 0 if everything is as promised.
[[noreturn]] void submit_without_threads()
{
    thread_pool_executor pool(2);
    bool ran = false;
    leave_no_memory_for_threads();
    try {
        pool.submit([&ran] { ran = true; });
        std::_Exit(1);
    } catch (const std::system_error&) {
    }
    const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
    ::setrlimit(RLIMIT_AS, &unlimited);

    gate busy, may_end;
    const auto first = pool.submit([&] {
        busy.open();
        may_end.wait();
    });
    busy.wait();
    leave_no_memory_for_threads();
    const auto second = pool.submit([] { return 2; }); // waits for the one thread there is
    may_end.open();
    std::_Exit(second.result(watchdog) == 2 && !ran ? 0 : 2);
}

// Row 76.
TEST(PythonMap, ARefusedThreadLeavesNothingQueuedUnlessAnotherThreadCanRunIt)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "sanitizers need more memory than this test leaves";
#endif
    // A process that has had threads keeps their stacks for the next ones; this makes a new process.
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(submit_without_threads(), testing::ExitedWithCode(0), "");
}

// Row 77.
TEST(PythonMap, AnExceptionThatLeavesThePoolsScopeLetsQueuedWorkFinish)
{
    gate may_end;
    std::vector<future<void>> work;
    try {
        thread_pool_executor pool(1);
        for (int n = 0; n != 5; ++n) {
            work.push_back(pool.submit([&] { may_end.wait(); }));
        }
        const test::opens_at_exit release(may_end);
        throw std::out_of_range("the body failed");
    } catch (const std::out_of_range&) {
    }

    for (const auto& one : work) {
        EXPECT_TRUE(one.done());
        EXPECT_FALSE(one.cancelled());
    }
}

/// Runs every second task only; the others are dropped.
class unreliable_executor final : public executor {
public:
    void shutdown(shutdown_options) override {}
    bool shutdown_for(timeout) override { return true; }
    bool wait_idle(timeout) override { return true; }
    executor_stats stats() const override { return {}; }

private:
    void enqueue(task&& work) override
    {
        task accepted = std::move(work);
        if (reliable_ = !reliable_; reliable_) {
            accepted.run();
        }
    }

    bool reliable_ = false;
};

// Row 78.
TEST(PythonMap, AnExecutorOfOnesOwnNeedsNothingButALifeCycleAndEnqueue)
{
    unreliable_executor mine;

    EXPECT_EQ(mine.submit([] { return 1; }).result(), 1);
    EXPECT_TRUE(mine.submit([] { return 2; }).cancelled())
        << "a dropped task leaves no future open";
    auto squares = mine.map([](int x) { return x * x; }, std::vector{3, 4});
    auto it = squares.begin();
    EXPECT_EQ(*it, 9);
    ++it;
    EXPECT_THROW(*it, cancelled_error);
}

// Row 97.
TEST(PythonMap, MapOfNothingIsNotRefusedAfterShutdown)
{
    thread_pool_executor pool(1);
    pool.shutdown();

    EXPECT_THROW(pool.map([](int x) { return x; }, std::vector{1}), executor_shut_down);
    auto nothing = pool.map([](int x) { return x; }, std::vector<int>{});
    EXPECT_EQ(nothing.begin(), nothing.end());
}

// Not local to the test: such a variable would be made, and its destructor registered, only in threads
// that pass its definition.
thread_local std::unique_ptr<test::tracked> connection;

// Row 117.
TEST(PythonMap, WhatAWorkerKeepsInAThreadLocalIsDestroyedWhenTheWorkerEnds)
{
    test::tracked_counts counts;
    thread_pool_executor pool(
        {.max_workers = 2,
         .initializer = {[&counts] { connection = std::make_unique<test::tracked>(counts, 7); }}});
    EXPECT_EQ(pool.submit([] { return connection->value(); }).result(watchdog), 7);
    EXPECT_EQ(counts.alive, 1);

    pool.shutdown();

    EXPECT_EQ(counts.alive, 0);
}

// Row 168.
TEST(PythonMap, OneFutureAndOneExecutorServeManyThreads)
{
    thread_pool_executor pool(2);
    promise<int> shared;
    const auto value = shared.get_future();
    {
        thread_pool_executor callers(8);
        for (int n = 0; n != 8; ++n) {
            callers.submit([&] {
                return pool.submit([value] { return value.wait_for(std::chrono::seconds(0)); })
                    .result();
            });
            callers.submit([value] { return value.result(watchdog); });
        }
        shared.set_result(1);
    }
    EXPECT_EQ(value.result(), 1);
}

} // namespace

} // namespace cofutures
