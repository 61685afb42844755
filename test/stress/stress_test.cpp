// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// Threads that race for futures and executors. Nothing here asserts who wins; what must hold, whoever
/// does, is that there is exactly one outcome, that callbacks run exactly once, that nobody waits for
/// ever and that everything is freed. Made for the thread sanitizer; bounded by counts, not by time.

#include <cofutures/as_completed.hpp>
#include <cofutures/completion_queue.hpp>
#include <cofutures/manual_executor.hpp>
#include <cofutures/promise.hpp>
#include <cofutures/thread_pool_executor.hpp>
#include <cofutures/wait.hpp>
#include <cofutures/when_all.hpp>
#include <cofutures/when_any.hpp>

#include "support/error_reports.hpp"
#include "support/gate.hpp"
#include "support/generated_input.hpp"
#include "support/tracked.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <barrier>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace cf = cofutures;
using namespace std::chrono_literals;
using cf::test::numbers_from;
using cf::test::tracked;
using cf::test::tracked_counts;
using cf::test::watchdog;

namespace {

constexpr std::size_t thread_count = 8;

/// How many rounds a test makes: `usual`, times the number in the environment's COFUTURES_STRESS.
int rounds(int usual)
{
    const char* const factor = std::getenv("COFUTURES_STRESS");
    return usual * (factor != nullptr ? std::max(1, std::atoi(factor)) : 1);
}

/// Eight threads that call `action(thread, round)` together, round by round; `before` and `after` run
/// between the rounds, alone.
template <typename Before, typename Action, typename After>
void race(int count, Before before, Action action, After after)
{
    int round = 0;
    before(round);
    std::barrier together(thread_count, [&]() noexcept {
        after(round);
        if (++round != count) {
            before(round);
        }
    });
    std::vector<std::thread> threads;
    for (std::size_t index = 0; index != thread_count; ++index) {
        threads.emplace_back([&, index] {
            for (int n = 0; n != count; ++n) {
                action(index, n);
                together.arrive_and_wait();
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
}

/// What happens to one shared future in one round.
struct shared_round {
    cf::promise<tracked> promise;
    std::array<cf::future<tracked>, thread_count> handles;
    std::atomic<int> set{0};
    std::atomic<int> cancelled{0};
    std::atomic<int> callbacks_added{0};
    std::atomic<int> callbacks_run{0};
};

TEST(Stress, OneFutureHasOneOutcomeWhateverRaces)
{
    cf::test::error_reports reports; // nothing is left unobserved
    tracked_counts counts;
    std::optional<shared_round> now;
    const auto failure = std::make_exception_ptr(std::runtime_error("a failure"));

    const auto before = [&](int) {
        now.emplace();
        for (auto& handle : now->handles) {
            handle = now->promise.get_future();
        }
    };
    const auto add_callback = [&](const cf::future<tracked>& handle) {
        ++now->callbacks_added;
        handle.add_done_callback([at = &*now](const cf::future<tracked>& done) {
            EXPECT_TRUE(done.done());
            if (!done.cancelled()) {
                static_cast<void>(done.exception());
            }
            ++at->callbacks_run;
        });
    };
    const auto action = [&](std::size_t thread, int round) {
        auto& handle = now->handles[thread];
        // A different mixture each round, so that each thread meets each role.
        switch ((thread + static_cast<std::size_t>(round)) % thread_count) {
        case 0:
            if (now->promise.set_running_or_notify_cancel()) {
                if (round % 3 != 0) {
                    now->set += now->promise.try_set_result(counts, round) ? 1 : 0;
                } else {
                    now->set += now->promise.try_set_exception(failure) ? 1 : 0;
                }
            }
            break;
        case 1:
            now->cancelled += handle.cancel() ? 1 : 0;
            break;
        case 2:
            if (handle.request_stop() && handle.cancelled()) {
                ++now->cancelled;
            }
            break;
        case 3:
            try {
                EXPECT_EQ(handle.result(watchdog).value(), round);
            } catch (const cf::cancelled_error&) {
            } catch (const std::runtime_error& error) {
                EXPECT_STREQ(error.what(), "a failure");
            }
            break;
        case 4:
            add_callback(handle);
            break;
        case 5:
            add_callback(handle);
            handle = {};
            break;
        case 6:
            EXPECT_EQ(cf::wait({handle}, {.timeout = watchdog}).done.size(), 1U);
            break;
        default: {
            auto next = handle.then([](const tracked& value) { return value.value(); });
            if (round % 2 != 0) {
                next.cancel();
            }
            if (!next.wait_for(watchdog)) {
                ADD_FAILURE() << "a lost wake-up";
            } else if (!next.cancelled() && !next.exception()) {
                EXPECT_EQ(next.result(), round);
            }
            break;
        }
        }
    };
    const auto after = [&](int) {
        auto outcome = now->promise.get_future();
        EXPECT_TRUE(outcome.done());
        EXPECT_EQ(now->set == 1, !outcome.cancelled());
        EXPECT_EQ(now->callbacks_added, now->callbacks_run);
        if (!outcome.cancelled()) {
            static_cast<void>(outcome.exception());
        }
        outcome = {};
        now.reset();
        EXPECT_EQ(counts.alive, 0);
    };

    race(rounds(500), before, action, after);
}

TEST(Stress, OnlyOneOfManyProducersWins)
{
    std::optional<cf::promise<std::size_t>> promise;
    std::atomic<int> winners{0};
    std::atomic<std::size_t> winner{0};

    race(
        rounds(500),
        [&](int) {
            promise.emplace();
            winners = 0;
        },
        [&](std::size_t thread, int) {
            if (promise->try_set_result(thread)) {
                ++winners;
                winner = thread;
            }
        },
        [&](int) {
            EXPECT_EQ(winners, 1);
            EXPECT_EQ(promise->get_future().result(0s), winner);
        });
}

TEST(Stress, CancelStormsAgainstAPoolRunEachTaskOnceOrNever)
{
    tracked_counts counts;
    std::atomic<int> ran{0};
    std::atomic<int> called{0};
    int cancelled = 0;
    const int tasks = rounds(2000);
    {
        cf::thread_pool_executor pool(4);
        std::vector<cf::future<void>> futures;
        for (int n = 0; n != tasks; ++n) {
            futures.push_back(pool.submit([&ran, value = tracked(counts)] { ++ran; }));
            futures.back().add_done_callback([&](const cf::any_future&) { ++called; });
        }

        std::vector<std::thread> cancellers;
        for (std::size_t first = 0; first != 4; ++first) {
            cancellers.emplace_back([&, first] {
                for (std::size_t n = first; n < futures.size();
                     n += 3) { // two of three meet two threads
                    futures[futures.size() - 1 - n].cancel();
                }
            });
        }
        for (auto& canceller : cancellers) {
            canceller.join();
        }
        EXPECT_TRUE(cf::wait(futures, {.timeout = watchdog}).not_done.empty());
        EXPECT_EQ(counts.alive, 0);
        for (const auto& future : futures) {
            cancelled += future.cancelled() ? 1 : 0;
        }
        pool.shutdown();
        const auto stats = pool.stats();
        EXPECT_EQ(stats.finished, static_cast<std::uint64_t>(ran));
        EXPECT_EQ(stats.cancelled, static_cast<std::uint64_t>(cancelled));
        EXPECT_EQ(stats.queued, 0U);
    }

    EXPECT_EQ(ran + cancelled, tasks);
    EXPECT_EQ(called, tasks);
}

TEST(Stress, CancelsThatRaceWithShutdownLeaveNothingOpen)
{
    for (int round = 0; round != rounds(50); ++round) {
        tracked_counts counts;
        std::atomic<int> ran{0};
        std::vector<cf::future<void>> futures;
        {
            cf::thread_pool_executor pool(2);
            for (int n = 0; n != 100; ++n) {
                futures.push_back(pool.submit([&ran, value = tracked(counts)] { ++ran; }));
            }
            std::vector<std::thread> cancellers;
            for (int n = 0; n != 2; ++n) {
                cancellers.emplace_back([&, n] {
                    for (std::size_t at = static_cast<std::size_t>(n); at < futures.size();
                         at += 2) {
                        futures[at].cancel();
                    }
                });
            }
            pool.shutdown({.wait = round % 2 == 0, .cancel_futures = true});
            for (auto& canceller : cancellers) {
                canceller.join();
            }
        }
        int cancelled = 0;
        for (const auto& future : futures) {
            ASSERT_TRUE(future.wait_for(watchdog));
            cancelled += future.cancelled() ? 1 : 0;
        }
        EXPECT_EQ(ran + cancelled, 100);
        EXPECT_EQ(counts.alive, 0);
    }
}

TEST(Stress, SubmitsThatRaceWithShutdownRunOrAreRefused)
{
    for (int round = 0; round != rounds(50); ++round) {
        std::atomic<int> ran{0};
        std::atomic<int> accepted{0};
        auto pool = std::make_unique<cf::thread_pool_executor>(3);
        std::vector<std::thread> submitters;
        for (int n = 0; n != 4; ++n) {
            submitters.emplace_back([&] {
                try {
                    for (int task = 0; task != 50; ++task) {
                        pool->submit([&] { ++ran; });
                        ++accepted;
                    }
                } catch (const cf::executor_shut_down&) {
                    // Expected, for some.
                }
            });
        }
        pool->shutdown();
        for (auto& submitter : submitters) {
            submitter.join();
        }
        pool.reset();
        EXPECT_EQ(ran, accepted);
    }
}

TEST(Stress, PoolsThatComeAndGoLoseNoTask)
{
    for (int round = 0; round != rounds(100); ++round) {
        std::atomic<int> ran{0};
        {
            cf::thread_pool_executor pool(1 + round % 4);
            for (int n = 0; n != round % 10; ++n) {
                pool.submit([&] { ++ran; });
            }
        }
        EXPECT_EQ(ran, round % 10);
    }
}

TEST(Stress, PoolsDestroyedByTheirOwnWorkersFinishTheirWork)
{
    for (int round = 0; round != rounds(100); ++round) {
        auto ran = std::make_shared<std::atomic<int>>(0);
        std::vector<cf::future<void>> futures;
        {
            auto pool = std::make_shared<cf::thread_pool_executor>(2);
            for (int n = 0; n != 10; ++n) {
                futures.push_back(pool->submit([pool, ran] { ++*ran; }));
            }
        }
        ASSERT_TRUE(cf::wait(futures, {.timeout = watchdog}).not_done.empty());
        EXPECT_EQ(*ran, 10);
    }
}

TEST(Stress, IdleAndBusyAlternateWithoutALostWakeUp)
{
    cf::thread_pool_executor pool(4);
    for (int round = 0; round != rounds(2000); ++round) {
        ASSERT_EQ(pool.submit([round] { return round; }).result(watchdog), round);
    }
    for (int round = 0; round != rounds(500); ++round) {
        std::atomic<int> ran{0};
        for (int n = 0; n != 4; ++n) {
            pool.submit([&] { ++ran; });
        }
        ASSERT_TRUE(pool.wait_idle(watchdog));
        ASSERT_EQ(ran, 4);
    }
}

TEST(Stress, AsCompletedYieldsEachFutureOnceWhileTheyFinish)
{
    cf::thread_pool_executor pool(4);
    for (int round = 0; round != rounds(50); ++round) {
        std::vector<cf::future<int>> futures;
        for (int n = 0; n != 50; ++n) {
            futures.push_back(pool.submit([n] { return n; }));
        }
        auto completed = cf::as_completed(futures, {.timeout = watchdog});
        std::thread canceller([&] {
            for (std::size_t n = 0; n < futures.size(); n += 5) {
                futures[n].cancel();
            }
        });

        int yielded = 0;
        int sum = 0;
        for (const auto& future : completed) {
            ++yielded;
            sum += future.cancelled() ? 0 : future.result();
        }
        canceller.join();

        int expected = 0;
        for (const auto& future : futures) {
            expected += future.cancelled() ? 0 : future.result();
        }
        EXPECT_EQ(yielded, 50);
        EXPECT_EQ(sum, expected);
    }
}

TEST(Stress, AsCompletedMayBeLeftWhileFuturesFinish)
{
    cf::thread_pool_executor pool(4);
    for (int round = 0; round != rounds(200); ++round) {
        std::vector<cf::future<int>> futures;
        for (int n = 0; n != 10; ++n) {
            futures.push_back(pool.submit([n] { return n; }));
        }
        for (const auto& future : cf::as_completed(std::move(futures), {.timeout = watchdog})) {
            if (future.result() >= round % 10) {
                break;
            }
        }
    }
}

TEST(Stress, ACompletionQueueServesManyThreads)
{
    cf::completion_queue<cf::future<int>> queue;
    cf::thread_pool_executor pool(2);
    const int tasks = rounds(2000);
    std::atomic<int> popped{0};
    std::atomic<long> sum{0};

    std::vector<std::thread> threads;
    for (int n = 0; n != 2; ++n) {
        threads.emplace_back([&, n] {
            for (int task = n; task < tasks; task += 2) {
                queue.add(pool.submit([task] { return task; }));
            }
        });
        threads.emplace_back([&, n] {
            for (int task = n; task < tasks; task += 2) {
                if (task % 7 == 0) {
                    sum += queue.async_pop().result(watchdog).result(0s);
                } else {
                    sum += queue.pop(watchdog).result(0s);
                }
                ++popped;
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }

    EXPECT_EQ(popped, tasks);
    EXPECT_EQ(sum, static_cast<long>(tasks) * (tasks - 1) / 2);
    EXPECT_TRUE(queue.empty());
}

TEST(Stress, QueuesMayGoWhileTheirFuturesFinish)
{
    cf::thread_pool_executor pool(2);
    for (int round = 0; round != rounds(300); ++round) {
        cf::completion_queue<cf::future<int>> queue;
        std::vector<cf::future<cf::future<int>>> popped;
        for (int n = 0; n != 4; ++n) {
            popped.push_back(queue.async_pop());
            queue.add(pool.submit([n] { return n; }));
        }
        popped[static_cast<std::size_t>(round % 4)].cancel();
        if (round % 2 == 0) {
            static_cast<void>(popped[static_cast<std::size_t>(round + 1) % 4].wait_for(watchdog));
        }
    }
}

TEST(Stress, CombinatorsSettleOnce)
{
    cf::thread_pool_executor pool(4);
    for (int round = 0; round != rounds(200); ++round) {
        std::vector<cf::future<int>> inputs;
        for (int n = 0; n != 8; ++n) {
            inputs.push_back(pool.submit([n] { return n; }));
        }
        const auto all = cf::when_all(inputs);
        const auto any = cf::when_any(inputs);
        if (round % 2 == 0) {
            inputs[7].cancel();
        }

        ASSERT_TRUE(all.wait_for(watchdog));
        EXPECT_EQ(all.cancelled(), inputs[7].cancelled());
        const auto first = any.result(watchdog);
        EXPECT_EQ(first.future, inputs[first.index]);
        EXPECT_TRUE(first.future.done());
    }
}

/// Combinators that are made, decided and given up at the same time, and what they leave.
struct combined_round {
    std::array<cf::promise<tracked>, 6> inputs;
    std::array<cf::future<tracked>, 6> futures;
    cf::future<std::vector<tracked>> all;
    cf::future<cf::when_any_result<cf::future<tracked>>> any;
};

TEST(Stress, CombinatorsAreMadeDecidedAndCancelledAtOnce)
{
    cf::test::error_reports reports;
    tracked_counts counts;
    const cf::promise<tracked> lasts_for_ever;
    std::optional<combined_round> now;

    race(
        rounds(500),
        [&](int) {
            now.emplace();
            for (std::size_t n = 0; n != now->inputs.size(); ++n) {
                now->futures[n] = now->inputs[n].get_future();
            }
            std::vector futures(now->futures.begin(), now->futures.end());
            now->all = cf::when_all(futures);
            futures.push_back(lasts_for_ever.get_future());
            now->any = cf::when_any(futures);
        },
        [&](std::size_t thread, int round) {
            if (thread == 0) {
                std::vector futures(now->futures.begin(), now->futures.end());
                futures.insert(futures.begin(), lasts_for_ever.get_future());
                const auto any = cf::when_any(futures);
                const auto all = cf::when_all(std::move(futures));
                EXPECT_TRUE(any.wait_for(watchdog));
                // What cannot be cancelled any more is being decided, in another thread.
                EXPECT_TRUE(all.cancel() || all.wait_for(watchdog));
            } else if (thread == 1) {
                if (round % 2 == 0) {
                    now->all.cancel();
                    now->any.cancel();
                }
            } else if (round % 3 == 0 && thread == 2) {
                now->futures[0].cancel();
            } else {
                now->inputs[thread - 2].set_result(counts, round);
            }
        },
        [&](int) {
            EXPECT_TRUE(now->all.done());
            EXPECT_TRUE(now->any.done());
            now.reset();
            EXPECT_EQ(counts.alive, 0); // nothing is left with the one that lasts
        });
    lasts_for_ever.get_future().cancel();
}

TEST(Stress, CancelledPopsLoseNoFuture)
{
    cf::test::error_reports reports;
    struct pops_round {
        std::array<cf::promise<std::size_t>, 4> promises;
        cf::completion_queue<cf::future<std::size_t>> queue;
        std::array<cf::future<cf::future<std::size_t>>, 4> popped;
    };
    std::optional<pops_round> now;

    race(
        rounds(500),
        [&](int) {
            now.emplace();
            for (auto& popped : now->popped) {
                popped = now->queue.async_pop();
            }
            now->queue.add(now->promises[0].get_future());
            now->queue.add(now->promises[1].get_future());
        },
        [&](std::size_t thread, int) {
            if (thread < 4) {
                now->promises[thread].set_result(thread);
            } else if (thread < 6) {
                now->queue.add(now->promises[thread - 2].get_future());
            } else {
                now->popped[thread == 6 ? 0 : 2].cancel();
            }
        },
        [&](int) {
            std::size_t given = 0;
            std::size_t sum = 0;
            for (const auto& popped : now->popped) {
                EXPECT_TRUE(popped.done());
                if (!popped.cancelled()) {
                    ++given;
                    sum += popped.result(0s).result(0s);
                }
            }
            EXPECT_EQ(now->queue.size(), 4 - given);
            while (const auto left = now->queue.try_pop()) {
                sum += left->result(0s);
            }
            EXPECT_EQ(sum, 6U);
        });
}

TEST(Stress, ContinuationsOnAPoolRunOnceOrAreCancelled)
{
    tracked_counts counts;
    {
        cf::thread_pool_executor pool(4);
        for (int round = 0; round != rounds(500); ++round) {
            std::atomic<int> ran{0};
            const auto next =
                pool.submit([] { return 1; }).then(pool, [&ran, value = tracked(counts)](int) {
                    ++ran;
                });
            const bool cancelled = round % 2 == 0 && next.cancel();
            ASSERT_TRUE(next.wait_for(watchdog));
            EXPECT_EQ(ran, cancelled ? 0 : 1);
        }
    }
}

TEST(Stress, StopRequestsReachRunningTasksWhateverTheyDo)
{
    cf::thread_pool_executor pool(4);
    for (int round = 0; round != rounds(300); ++round) {
        cf::test::gate stopped;
        const auto future = pool.submit([&](std::stop_token token) {
            const std::stop_callback on_stop(token, [&] { stopped.open(); });
            stopped.wait();
            if (round % 2 == 0) {
                throw cf::cancelled_error();
            }
        });
        std::thread other([&] { future.request_stop(); });
        future.request_stop();
        other.join();

        ASSERT_TRUE(future.wait_for(watchdog));
        EXPECT_TRUE(future.cancelled() || (round % 2 != 0 && !future.exception()));
    }
}

TEST(Stress, MapsAreDroppedWhileTheyRun)
{
    cf::thread_pool_executor pool(4);
    tracked_counts counts;
    for (int round = 0; round != rounds(100); ++round) {
        int seen = 0;
        const cf::map_options options{.chunk_size = 1 + static_cast<std::size_t>(round % 3),
                                      .buffer_size = 8};
        const auto make = [&counts](int value) { return tracked(counts, value); };
        for (const auto& value : pool.map(options, make, numbers_from(0))) {
            EXPECT_EQ(value.value(), seen);
            if (++seen == round % 20) {
                break;
            }
            if (seen == 40) {
                break;
            }
        }
    }
    EXPECT_TRUE(pool.wait_idle(watchdog));
}

TEST(Stress, AManualExecutorMayBeSteppedAndFedByManyThreads)
{
    cf::manual_executor executor;
    std::atomic<int> ran{0};
    std::atomic<int> cancelled{0};
    const int tasks = rounds(500);

    std::vector<std::thread> threads;
    for (int n = 0; n != 4; ++n) {
        threads.emplace_back([&] {
            for (int task = 0; task != tasks; ++task) {
                const auto future = executor.submit([&] { ++ran; });
                if (task % 3 == 0) {
                    cancelled += future.cancel() ? 1 : 0;
                }
            }
        });
        threads.emplace_back([&] {
            for (int task = 0; task != tasks; ++task) {
                executor.step();
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    executor.shutdown();

    EXPECT_EQ(ran + cancelled, 4 * tasks);
    EXPECT_EQ(executor.stats().finished, static_cast<std::uint64_t>(ran));
}

} // namespace
