// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// Chains as long as the user's data, on stacks that are not: completion, cancellation and destruction take
/// the same stack for a million links as for one.

#include <cofutures/error.hpp>
#include <cofutures/error_handler.hpp>
#include <cofutures/inline_executor.hpp>
#include <cofutures/manual_executor.hpp>
#include <cofutures/promise.hpp>
#include <cofutures/thread_pool_executor.hpp>
#include <cofutures/when_all.hpp>
#include <cofutures/when_any.hpp>

#include "support/gate.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <pthread.h>

namespace cf = cofutures;
using cf::test::gate;
using cf::test::opens_at_exit;
using cf::test::watchdog;

namespace {

/// A small stack holds some thousand links at best, if each of them takes some of it.
constexpr std::size_t links = 50'000;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t million = links; // each costs ten times as much
#else
constexpr std::size_t million = 1'000'000;
#endif

/// Runs `function` in a thread with a stack of 256 KiB.
void on_a_small_stack(std::function<void()> function)
{
    pthread_attr_t attributes;
    ASSERT_EQ(pthread_attr_init(&attributes), 0);
    ASSERT_EQ(pthread_attr_setstacksize(&attributes, 256 * 1024), 0);
    pthread_t thread{};
    ASSERT_EQ(pthread_create(
                  &thread,
                  &attributes,
                  [](void* argument) -> void* {
                      (*static_cast<std::function<void()>*>(argument))();
                      return nullptr;
                  },
                  &function),
              0);
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
}

std::size_t one_more(std::size_t value)
{
    return value + 1;
}

struct chain {
    cf::promise<std::size_t> first;
    cf::future<std::size_t> last = first.get_future();

    explicit chain(std::size_t length)
    {
        for (std::size_t n = 0; n != length; ++n) {
            last = last.then(one_more);
        }
    }
};

template <typename T>
void drop(cf::promise<T>& promise)
{
    const cf::promise<T> dropped = std::move(promise);
}

TEST(LongChain, OfAMillionThensEndsWhenTheFirstDoes)
{
    on_a_small_stack([] {
        const chain made(million);
        made.first.set_result(0U);
        EXPECT_EQ(made.last.result(watchdog), million);
    });
}

TEST(LongChain, OfThenFailsWhenTheFirstDoes)
{
    on_a_small_stack([] {
        chain made(links);
        drop(made.first);
        EXPECT_THROW(made.last.result(watchdog), cf::broken_promise);
    });
}

TEST(LongChain, OfThenIsCancelledWithTheFirst)
{
    on_a_small_stack([] {
        const chain made(links);
        made.first.get_future().cancel();
        EXPECT_TRUE(made.last.cancelled());
    });
}

TEST(LongChain, OfThenOnAnInlineExecutorEndsWhenTheFirstDoes)
{
    on_a_small_stack([] {
        cf::inline_executor executor;
        const cf::promise<std::size_t> first;
        auto last = first.get_future();
        for (std::size_t n = 0; n != links; ++n) {
            last = last.then(executor, one_more);
        }

        first.set_result(0U);

        EXPECT_EQ(last.result(watchdog), links);
    });
}

TEST(LongChain, OfThenOnAnExecutorThatRefusesFails)
{
    const auto former = cf::set_error_handler([](const cf::error_report&) {}); // one for each link
    on_a_small_stack([] {
        cf::inline_executor executor;
        const cf::promise<std::size_t> first;
        auto last = first.get_future();
        for (std::size_t n = 0; n != links; ++n) {
            last = last.then(executor, one_more);
        }
        executor.shutdown();

        first.set_result(0U);

        EXPECT_THROW(last.result(watchdog), cf::executor_shut_down);
    });
    cf::set_error_handler(former);
}

TEST(LongChain, OfCombinatorsEndsWhenTheFirstDoes)
{
    on_a_small_stack([] {
        const cf::promise<std::size_t> first;
        auto last = first.get_future();
        for (std::size_t n = 0; n != links; ++n) {
            last = cf::when_all(cf::when_any(std::vector{last})).then([](const auto& all) {
                return std::get<0>(all).future.result() + 1;
            });
        }

        first.set_result(0U);

        EXPECT_EQ(last.result(watchdog), links);
    });
}

TEST(LongChain, OfValuesThatHoldFuturesIsDestroyed)
{
    on_a_small_stack([] {
        const auto held = std::make_shared<int>(1);
        cf::any_future last = cf::make_ready_future(held);
        for (std::size_t n = 0; n != links; ++n) {
            last = cf::when_any(std::vector{std::move(last)});
        }
        EXPECT_EQ(held.use_count(), 2);

        last = {};

        EXPECT_EQ(held.use_count(), 1);
    });
}

TEST(LongChain, OfCallbacksThatDeliverToTheNextEnds)
{
    on_a_small_stack([] {
        std::vector<cf::promise<void>> promises(links);
        for (std::size_t n = 1; n != links; ++n) {
            promises[n - 1].get_future().add_done_callback(
                [&next = promises[n]](const cf::any_future&) { next.set_result(); });
        }

        promises.front().set_result();

        EXPECT_TRUE(promises.back().get_future().done());
    });
}

TEST(LongChain, OfCallbacksThatCancelTheNextEnds)
{
    on_a_small_stack([] {
        std::vector<cf::promise<void>> promises(links);
        for (std::size_t n = 1; n != links; ++n) {
            promises[n - 1].get_future().add_done_callback(
                [n, next = promises[n].get_future()](const cf::any_future&) {
                    EXPECT_TRUE(n % 2 == 0 ? next.cancel() : next.request_stop());
                });
        }

        promises.front().get_future().cancel();

        EXPECT_TRUE(promises.back().get_future().cancelled());
    });
}

TEST(LongChain, OfCallbacksThatOwnTheNextPromiseIsDropped)
{
    on_a_small_stack([] {
        std::size_t broken = 0;
        cf::promise<void> first;
        first.set_result();
        for (std::size_t n = 0; n != links; ++n) {
            cf::promise<void> next;
            next.get_future().add_done_callback(
                [&broken, owned = std::move(first)](const cf::any_future& done) {
                    broken += done.exception() != nullptr ? 1 : 0;
                });
            first = std::move(next);
        }

        drop(first);

        EXPECT_EQ(broken, links);
    });
}

/// Adds a callback to a done future, which adds a callback to a done future, …
void count_down(std::size_t& left)
{
    if (left != 0) {
        --left;
        cf::make_ready_future().add_done_callback([&](const cf::any_future&) { count_down(left); });
    }
}

TEST(LongChain, OfCallbacksThatAddCallbacksEnds)
{
    on_a_small_stack([] {
        std::size_t left = links;
        count_down(left);
        EXPECT_EQ(left, 0U);
    });
}

void count_down_by_then(std::size_t& left)
{
    if (left != 0) {
        --left;
        cf::make_ready_future().then([&] { count_down_by_then(left); });
    }
}

TEST(LongChain, OfThenInThenEnds)
{
    on_a_small_stack([] {
        std::size_t left = links;
        count_down_by_then(left);
        EXPECT_EQ(left, 0U);
    });
}

/// Calls `function` in a callback of a callback of a callback, …
void nested(std::size_t levels, const std::function<void()>& function)
{
    if (levels == 0) {
        function();
        return;
    }
    cf::make_ready_future().add_done_callback(
        [&, levels](const cf::any_future&) { nested(levels - 1, function); });
}

TEST(NestedCallbacks, RunAtOnceWhereTheyAreFew)
{
    std::string order;
    nested(20, [&] {
        cf::make_ready_future().add_done_callback([&](const cf::any_future&) { order += 'a'; });
        order += 'b';
    });
    EXPECT_EQ(order, "ab");
}

TEST(NestedCallbacks, KeepTheirOrderWhereTheyAreMany)
{
    std::string order;
    nested(100, [&] {
        const auto done = cf::make_ready_future();
        for (const char name : {'a', 'b', 'c'}) {
            done.add_done_callback([&order, name](const cf::any_future& told) {
                order += name;
                told.add_done_callback([&](const cf::any_future&) { order += '+'; });
            });
        }
        order += ':';
        EXPECT_TRUE(done.done());
    });
    EXPECT_EQ(order, ":a+b+c+");
}

TEST(NestedCallbacks, MayWaitForEachOtherWhereTheyAreMany)
{
    std::size_t results = 0;
    nested(100, [&] {
        results += cf::make_ready_future(1U).then(one_more).result(watchdog);
        const cf::promise<std::size_t> promise;
        const auto next = promise.get_future().then(one_more);
        promise.set_result(4U);
        results += next.result();
    });
    EXPECT_EQ(results, 7U);
}

TEST(NestedCallbacks, MayWaitForExecutorsWhoseTasksWaitForCallbacks)
{
    cf::thread_pool_executor pool(1);
    cf::inline_executor here;
    cf::manual_executor manual;
    gate door;
    const opens_at_exit end(door);
    bool idle = false;
    std::thread other;
    nested(100, [&] {
        gate running;
        other = std::thread([&] {
            here.submit([&] {
                running.open();
                door.wait();
            });
        });
        running.wait();
        pool.submit([&] { door.wait(); });
        cf::make_ready_future().add_done_callback([&](const cf::any_future&) { door.open(); });
        EXPECT_FALSE(door.is_open());
        idle = pool.wait_idle(watchdog / 2);
        EXPECT_TRUE(door.is_open());

        cf::make_ready_future().add_done_callback(
            [&](const cf::any_future&) { manual.submit([] {}); });
        EXPECT_EQ(manual.queued(), 0U);
        EXPECT_TRUE(here.wait_idle(watchdog / 2));
        EXPECT_EQ(manual.queued(), 1U);
    });
    EXPECT_TRUE(idle);
    other.join();
}

TEST(NestedCallbacks, OfCancelledTasksRunInTheShutdownThatWaits)
{
    std::string order;
    nested(100, [&] {
        cf::manual_executor executor;
        executor.submit([] {}).add_done_callback(
            [&](const cf::any_future& task) { order += task.cancelled() ? 'c' : '?'; });
        executor.shutdown({.cancel_futures = true});
        order += ':';
    });
    EXPECT_EQ(order, "c:");
}

TEST(NestedCallbacks, OfAChainDoNotCountAsNested)
{
    const cf::promise<std::size_t> first;
    const cf::promise<int> other;
    bool told = false;
    other.get_future().add_done_callback([&](const cf::any_future&) { told = true; });
    auto last = first.get_future();
    for (std::size_t n = 0; n != 1000; ++n) {
        last = last.then(one_more);
    }
    const auto end = last.then([&](std::size_t) {
        other.set_result(1);
        return told; // callbacks run in the call that delivers
    });

    first.set_result(0U);

    EXPECT_TRUE(end.result(watchdog));
}

TEST(Then, RunsWithItsOwnContinuationsBeforeLaterCallbacks)
{
    const cf::promise<int> promise;
    std::string order;
    promise.get_future()
        .then([&](int value) {
            order += 'a';
            return value;
        })
        .then([&](int) { order += 'b'; })
        .add_done_callback([&](const cf::any_future&) { order += 'c'; });
    promise.get_future().add_done_callback([&](const cf::any_future&) { order += 'd'; });

    promise.set_result(1);

    EXPECT_EQ(order, "abcd");
}

} // namespace
