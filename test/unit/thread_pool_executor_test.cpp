// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// What is special about the thread pool: its threads, their names and initializers, breaking, forking.
/// What it shares with other executors is in test/contract.

#include <cofutures/error.hpp>
#include <cofutures/thread_pool_executor.hpp>
#include <cofutures/wait.hpp>

#include "support/error_reports.hpp"
#include "support/expect_error.hpp"
#include "support/forked_child.hpp"
#include "support/gate.hpp"
#include "support/tracked.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cf = cofutures;
using namespace std::chrono_literals;
using cf::test::error_reports;
using cf::test::exit_code_of_child;
using cf::test::gate;
using cf::test::message_of;
using cf::test::opens_at_exit;
using cf::test::tracked;
using cf::test::tracked_counts;
using cf::test::watchdog;

namespace {

std::string kernel_thread_name()
{
    std::array<char, 16> name{};
    pthread_getname_np(pthread_self(), name.data(), name.size());
    return name.data();
}

// Threads

TEST(ThreadPool, StartsNoThreadBeforeThereIsWork)
{
    const cf::thread_pool_executor pool(4);

    EXPECT_EQ(pool.stats().workers, 0U);
}

TEST(ThreadPool, ThreeTasksOneAfterAnotherUseOneThread)
{
    cf::thread_pool_executor pool(4);
    std::set<std::thread::id> threads;

    for (int n = 0; n != 3; ++n) {
        threads.insert(pool.submit([] { return std::this_thread::get_id(); }).result(watchdog));
    }

    EXPECT_EQ(pool.stats().workers, 1U);
    EXPECT_EQ(threads.size(), 1U);
}

TEST(ThreadPool, StartsAThreadForEachTaskWhileNoneIsIdle)
{
    std::array<gate, 3> begun;
    gate may_end;
    cf::thread_pool_executor pool(4);
    const opens_at_exit end(may_end);

    for (auto& door : begun) {
        pool.submit([&] {
            door.open();
            may_end.wait();
        });
    }
    for (auto& door : begun) {
        door.wait(); // all three run at once
    }

    EXPECT_EQ(pool.stats().workers, 3U);
    EXPECT_EQ(pool.stats().running, 3U);
}

TEST(ThreadPool, NeverStartsMoreThanTheMaximum)
{
    gate may_end;
    cf::thread_pool_executor pool(2);
    const opens_at_exit end(may_end);

    for (int n = 0; n != 100; ++n) {
        pool.submit([&] { may_end.wait(); });
    }

    EXPECT_EQ(pool.stats().workers, 2U);
    EXPECT_EQ(pool.stats().queued + pool.stats().running, 100U);
    EXPECT_LE(pool.stats().running, 2U);
}

TEST(ThreadPool, AnEnormousMaximumCostsNothing)
{
    cf::thread_pool_executor pool(1'000'000);

    EXPECT_EQ(pool.submit([] { return 1; }).result(watchdog), 1);
    EXPECT_EQ(pool.stats().workers, 1U);
}

TEST(ThreadPool, KeepsTheOrderOfSubmissionOverManyTasks)
{
    cf::thread_pool_executor pool(1);
    std::vector<int> order;

    for (int n = 0; n != 1000; ++n) { // more than a worker takes in one go
        pool.submit([&order, n] { order.push_back(n); });
    }
    pool.shutdown();

    EXPECT_EQ(order.size(), 1000U);
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(ThreadPool, TasksMaySubmitMoreThanThereAreWorkers)
{
    std::atomic<int> ran{0};
    {
        cf::thread_pool_executor pool(2);
        for (int n = 0; n != 10; ++n) {
            pool.submit([&] {
                for (int more = 0; more != 10; ++more) {
                    pool.submit([&] { ++ran; });
                }
            });
        }
        EXPECT_TRUE(pool.wait_idle(watchdog));
    }

    EXPECT_EQ(ran, 100);
}

TEST(ThreadPool, ACallbackMayWaitForAnotherTaskOfThePool)
{
    gate callback_runs;
    gate first_may_end;
    cf::thread_pool_executor pool(2);
    std::atomic<int> seen{0};
    const auto first = pool.submit([&] { first_may_end.wait(); });
    first.add_done_callback([&](const cf::any_future&) {
        seen = pool.submit([] { return 7; }).result(watchdog);
        callback_runs.open();
    });

    first_may_end.open();
    callback_runs.wait();

    EXPECT_EQ(seen, 7);
}

TEST(ThreadPool, WaitIdleWaitsForCallbacksToo)
{
    cf::thread_pool_executor pool(2);
    gate first_may_end;
    std::atomic<bool> called{false};
    const auto first = pool.submit([&] { first_may_end.wait(); });
    first.add_done_callback([&](const cf::any_future&) {
        pool.submit([] {}).wait();
        called = true;
    });

    first_may_end.open();

    EXPECT_TRUE(pool.wait_idle(watchdog));
    EXPECT_TRUE(called);
}

TEST(ThreadPool, StatsAddUpTimes)
{
    cf::thread_pool_executor pool(1);
    gate may_end;
    const auto first = pool.submit([&] { may_end.wait(); });
    const auto second = pool.submit([] {});
    may_end.open();
    second.wait();

    const auto stats = pool.stats();

    EXPECT_GT(stats.run_time, 0ns);
    EXPECT_GT(stats.queue_time, 0ns);
    EXPECT_EQ(stats.finished, 2U);
}

// Names

TEST(ThreadPoolNames, AreThePrefixAndANumber)
{
    cf::thread_pool_executor pool({.max_workers = 1, .thread_name_prefix = "fetch"});

    EXPECT_EQ(pool.submit([] { return cf::this_worker::name(); }).result(watchdog), "fetch_0");
    EXPECT_EQ(pool.submit(kernel_thread_name).result(watchdog), "fetch_0");
}

TEST(ThreadPoolNames, CountTheThreadsOfThePool)
{
    cf::thread_pool_executor pool(2, "fetch");
    gate other_runs;
    const auto first = pool.submit([&] {
        other_runs.wait();
        return cf::this_worker::name();
    });
    const auto second = pool.submit([&] {
        other_runs.open();
        return cf::this_worker::name();
    });

    const std::set<std::string> names{first.result(watchdog), second.result(watchdog)};

    EXPECT_EQ(names, (std::set<std::string>{"fetch_0", "fetch_1"}));
}

TEST(ThreadPoolNames, ByDefaultCountThePoolsOfTheProcess)
{
    const auto name = [] {
        cf::thread_pool_executor pool(1);
        return pool.submit([] { return cf::this_worker::name(); }).result(watchdog);
    };
    const auto number = [](const std::string& of) {
        const std::string prefix = "thread_pool_executor-";
        EXPECT_EQ(of.substr(0, prefix.size()), prefix);
        EXPECT_EQ(of.substr(of.size() - 2), "_0");
        return std::stoi(of.substr(prefix.size()));
    };

    const int first = number(name());

    EXPECT_EQ(number(name()), first + 1);
}

TEST(ThreadPoolNames, MayBeLongerThanTheKernelAllows)
{
    cf::thread_pool_executor pool(1, "a-very-long-name-for-a-thread");

    EXPECT_EQ(pool.submit([] { return cf::this_worker::name(); }).result(watchdog),
              "a-very-long-name-for-a-thread_0");
    EXPECT_EQ(pool.submit(kernel_thread_name).result(watchdog), "a-very-long-nam");
}

TEST(ThreadPoolNames, AreEmptyOutsideOfWorkers)
{
    EXPECT_EQ(cf::this_worker::name(), "");
}

// Initializers

thread_local int thread_value = 0;

void set_thread_value(int left, const std::string& right)
{
    thread_value = left + std::stoi(right);
}

TEST(ThreadPoolInitializer, RunsInEachThreadBeforeItsFirstTask)
{
    cf::thread_pool_executor pool({.max_workers = 2, .initializer = {set_thread_value, 40, "2"}});
    gate other_runs;
    const auto first = pool.submit([&] {
        other_runs.wait();
        return thread_value;
    });
    const auto second = pool.submit([&] {
        other_runs.open();
        return thread_value;
    });

    EXPECT_EQ(first.result(watchdog), 42);
    EXPECT_EQ(second.result(watchdog), 42);
}

TEST(ThreadPoolInitializer, RunsOncePerThread)
{
    std::atomic<int> calls{0};
    {
        cf::thread_pool_executor pool(1, "", [&] { ++calls; });
        for (int n = 0; n != 5; ++n) {
            pool.submit([] {}).wait();
        }
    }

    EXPECT_EQ(calls, 1);
}

TEST(ThreadPoolInitializer, RefusesANullFunction)
{
    void (*const null)() = nullptr;

    EXPECT_THROW(cf::initializer{null}, std::invalid_argument);
    EXPECT_THROW(cf::initializer{std::function<void()>()}, std::invalid_argument);
}

/// A pool of one whose initializer fails once the gate is open, with tasks in its queue.
class BrokenThreadPool : public testing::Test {
protected:
    error_reports reports;
    gate may_fail;
    cf::thread_pool_executor pool{
        {.max_workers = 1, .thread_name_prefix = "db", .initializer = [this] {
             may_fail.wait();
             throw std::runtime_error("no database");
         }}};
    cf::future<int> queued = pool.submit([] { return 1; });
};

TEST_F(BrokenThreadPool, FailsQueuedTasksWithTheCauseNested)
{
    may_fail.open();

    const auto failure = queued.exception(watchdog);
    try {
        std::rethrow_exception(failure);
    } catch (const cf::broken_thread_pool& error) {
        EXPECT_EQ(message_of<std::runtime_error>([&] { std::rethrow_if_nested(error); }),
                  "no database");
        EXPECT_NE(std::string(error.what()).find("db"), std::string::npos);
    }
    EXPECT_EQ(reports.take_only().where, cf::error_report::source::initializer);
}

TEST_F(BrokenThreadPool, RefusesLaterTasks)
{
    may_fail.open();
    EXPECT_TRUE(queued.exception(watchdog));

    EXPECT_THROW(pool.submit([] {}), cf::broken_thread_pool);
    EXPECT_THROW(pool.submit([] {}), cf::broken_executor);
    pool.shutdown();
    EXPECT_THROW(pool.submit([] {}), cf::broken_thread_pool); // broken comes before shut down
    reports.take();
}

TEST_F(BrokenThreadPool, RunsCallbacksThatMaySubmit)
{
    bool refused = false;
    queued.add_done_callback([&](const cf::future<int>& done) {
        EXPECT_TRUE(done.exception());
        try {
            pool.submit([] {});
        } catch (const cf::broken_thread_pool&) {
            refused = true;
        }
    });

    may_fail.open();
    pool.shutdown();

    EXPECT_TRUE(refused);
    reports.take();
}

TEST_F(BrokenThreadPool, CanBeShutDownAndWaitedFor)
{
    may_fail.open();

    EXPECT_TRUE(pool.wait_idle(watchdog));
    EXPECT_TRUE(pool.shutdown_for(watchdog));
    EXPECT_TRUE(queued.exception(0s));
    EXPECT_EQ(pool.stats().failed, 1U);
    reports.take();
}

TEST(ThreadPoolInitializer, AFailureLeavesRunningTasksAlone)
{
    error_reports reports;
    gate begun;
    gate may_end;
    std::atomic<int> threads{0};
    cf::thread_pool_executor pool(2, "", [&] {
        if (threads++ != 0) {
            throw std::runtime_error("only one");
        }
    });
    const opens_at_exit end(may_end);
    const auto healthy = pool.submit([&] {
        begun.open();
        may_end.wait();
        return 1;
    });
    begun.wait();

    const auto broken = pool.submit([] { return 2; });

    EXPECT_THROW(broken.result(watchdog), cf::broken_thread_pool);
    may_end.open();
    EXPECT_EQ(healthy.result(watchdog), 1);
    pool.shutdown();
    EXPECT_EQ(error_reports::message(reports.take_only().exception), "only one");
}

// The end

TEST(ThreadPoolShutdown, OnItsOwnWorkerIsRefusedButStopsTheIntake)
{
    cf::thread_pool_executor pool(1);

    EXPECT_THROW(pool.submit([&] { pool.shutdown(); }).result(watchdog), cf::deadlock_error);

    EXPECT_THROW(pool.submit([] {}), cf::executor_shut_down);
}

TEST(ThreadPoolShutdown, OnAWorkerOfAnotherPoolIsFine)
{
    cf::thread_pool_executor pool(1);
    cf::thread_pool_executor other(1);

    pool.submit([&] { other.shutdown(); }).result(watchdog);

    EXPECT_THROW(other.submit([] {}), cf::executor_shut_down);
}

TEST(ThreadPoolShutdown, EndsTheThreads)
{
    cf::thread_pool_executor pool(2);
    pool.submit([] {}).wait();

    pool.shutdown();

    EXPECT_EQ(pool.stats().workers, 0U);
}

TEST(ThreadPoolShutdown, MayBeCalledByManyThreadsAtOnce)
{
    cf::thread_pool_executor pool(2);
    std::atomic<int> ran{0};
    for (int n = 0; n != 20; ++n) {
        pool.submit([&] { ++ran; });
    }

    std::vector<std::thread> threads;
    for (int n = 0; n != 4; ++n) {
        threads.emplace_back([&] {
            pool.shutdown();
            EXPECT_EQ(ran, 20);
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
}

TEST(ThreadPoolShutdown, WithALimitDoesNotWaitForAnInitializer)
{
    gate busy_may_end;
    gate initializing;
    gate initializer_may_end;
    std::atomic<int> threads{0};
    cf::thread_pool_executor pool(2, "", [&] {
        if (threads++ != 0) {
            initializing.open();
            initializer_may_end.wait();
        }
    });
    const opens_at_exit end(initializer_may_end);
    const auto busy = pool.submit([&] { busy_may_end.wait(); });
    const auto queued = pool.submit([] {}); // for it the second thread starts
    initializing.wait();
    busy_may_end.open();
    queued.wait(); // the first thread ran it
    EXPECT_TRUE(pool.wait_idle(watchdog));

    EXPECT_FALSE(pool.shutdown_for(1ms));

    initializer_may_end.open();
    EXPECT_TRUE(pool.shutdown_for(watchdog));
}

TEST(ThreadPoolShutdown, ADestructorOnAnOwnWorkerDoesNotWait)
{
    tracked_counts counts;
    gate owned;
    gate last_ran;
    auto pool = std::make_shared<cf::thread_pool_executor>(1);
    auto* const raw = pool.get();
    const auto destroying =
        raw->submit([&, pool = std::move(pool), value = tracked(counts)]() mutable {
            owned.wait();
            pool.reset();
        });
    const auto queued = raw->submit([&] { last_ran.open(); });

    owned.open();

    destroying.result(watchdog);
    queued.result(watchdog); // accepted work still runs
    last_ran.wait();
    EXPECT_EQ(counts.alive, 0);
}

// Forked children

class ForkedChild : public testing::Test {
protected:
    ForkedChild()
    {
        pool->submit([] {}).wait();
    }

    std::optional<cf::thread_pool_executor> pool{std::in_place, 2};
};

TEST_F(ForkedChild, CannotSubmitToItsParentsPool)
{
    EXPECT_EQ(exit_code_of_child([&] {
                  try {
                      pool->submit([] {});
                      return 1;
                  } catch (const cf::executor_shut_down&) {
                      return 0;
                  }
              }),
              0);

    EXPECT_EQ(pool->submit([] { return 7; }).result(watchdog), 7); // the parent goes on
}

TEST_F(ForkedChild, MayDestroyItsCopy)
{
    EXPECT_EQ(exit_code_of_child([&] {
                  pool.reset();
                  return 0;
              }),
              0);
}

TEST_F(ForkedChild, MayShutDownItsCopyWhateverItWasDoing)
{
    gate begun;
    gate may_end;
    const auto busy = pool->submit([&] {
        begun.open();
        may_end.wait();
    });
    begun.wait();

    EXPECT_EQ(exit_code_of_child([&] {
                  pool->shutdown({.wait = false, .cancel_futures = true});
                  pool->shutdown();
                  const bool done = pool->shutdown_for(0s);
                  return done && pool->stats().workers == 0 ? 0 : 1;
              }),
              0);
    EXPECT_EQ(exit_code_of_child([&] {
                  try {
                      pool->wait_idle();
                      return 1;
                  } catch (const cf::executor_shut_down&) {
                      return 0;
                  }
              }),
              0);

    may_end.open();
    busy.wait(); // before its gates go
}

TEST_F(ForkedChild, MayHaveAPoolOfItsOwn)
{
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "the thread sanitizer cannot start threads in a forked child";
#endif
    EXPECT_EQ(exit_code_of_child([] {
                  cf::thread_pool_executor own(1);
                  return own.submit([] { return 5; }).result(watchdog);
              }),
              5);
}

} // namespace
