// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// How often the heap is asked for memory on the way of a task, and what stays there: a program of its own, since it replaces
/// the operators new.

#include <cofutures/as_completed.hpp>
#include <cofutures/completion_queue.hpp>
#include <cofutures/inline_executor.hpp>
#include <cofutures/thread_pool_executor.hpp>
#include <cofutures/wait.hpp>
#include <cofutures/when_all.hpp>
#include <cofutures/when_any.hpp>

#include "support/gate.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

namespace cf = cofutures;
using cf::test::gate;
using cf::test::watchdog;

namespace {

// A counter for all threads; publishes nothing.
std::atomic<std::size_t> allocations{0};
std::atomic<std::size_t> frees{0};

void* counted(std::size_t bytes)
{
    allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* const memory = std::malloc(bytes != 0 ? bytes : 1)) {
        return memory;
    }
    throw std::bad_alloc();
}

void* counted(std::size_t bytes, std::align_val_t alignment)
{
    allocations.fetch_add(1, std::memory_order_relaxed);
    const auto align = static_cast<std::size_t>(alignment);
    if (void* const memory = std::aligned_alloc(align, (bytes + align - 1) / align * align)) {
        return memory;
    }
    throw std::bad_alloc();
}

void release(void* memory) noexcept
{
    frees.fetch_add(memory != nullptr ? 1 : 0, std::memory_order_relaxed);
    std::free(memory);
}

} // namespace

// GCC does not see that all of these come in pairs.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

void* operator new(std::size_t bytes)
{
    return counted(bytes);
}
void* operator new[](std::size_t bytes)
{
    return counted(bytes);
}
void* operator new(std::size_t bytes, std::align_val_t alignment)
{
    return counted(bytes, alignment);
}
void* operator new[](std::size_t bytes, std::align_val_t alignment)
{
    return counted(bytes, alignment);
}
void operator delete(void* memory) noexcept
{
    release(memory);
}
void operator delete[](void* memory) noexcept
{
    release(memory);
}
void operator delete(void* memory, std::size_t) noexcept
{
    release(memory);
}
void operator delete[](void* memory, std::size_t) noexcept
{
    release(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept
{
    release(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept
{
    release(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept
{
    release(memory);
}
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept
{
    release(memory);
}

namespace {

constexpr std::size_t tasks = 1000;

/// How many allocations all threads make while `function` runs.
template <typename Function>
std::size_t allocations_during(Function function)
{
    const auto before = allocations.load();
    function();
    return allocations.load() - before;
}

/// How many blocks more there are after `function` was called many times than after the first time.
template <typename Function>
std::size_t blocks_left_by(Function function)
{
    function();
    const auto before = allocations.load() - frees.load();
    for (std::size_t n = 0; n != tasks; ++n) {
        function();
    }
    return allocations.load() - frees.load() - before;
}

struct alignas(128) over_aligned {
    int value = 0;
};

TEST(Allocations, OneHoldsCallableArgumentsStateAndResult)
{
    cf::inline_executor executor;
    executor.submit([] {}).wait();

    EXPECT_EQ(allocations_during([&] {
                  executor.submit([](int left, double right) { return left + right; }, 1, 2.0);
              }),
              1U);
    EXPECT_EQ(allocations_during([&] {
                  executor.submit([](over_aligned value) { return value; }, over_aligned{});
              }),
              1U);
    EXPECT_EQ(allocations_during([&] { executor.submit([](std::stop_token) {}); }),
              2U); // the stop state
}

TEST(Allocations, AWarmThreadPoolMakesOnePerTaskAndAsioNone)
{
    cf::thread_pool_executor pool(2);
    // Warm: both threads have started and each has run a pump.
    std::array<gate, 2> begun;
    const auto first = pool.submit([&] {
        begun[0].open();
        begun[1].wait();
    });
    const auto second = pool.submit([&] {
        begun[1].open();
        begun[0].wait();
    });
    first.wait();
    second.wait();
    ASSERT_EQ(pool.stats().workers, 2U);
    std::vector<cf::future<std::size_t>> futures(tasks);

    const auto one_by_one = allocations_during([&] {
        for (std::size_t n = 0; n != tasks; ++n) {
            pool.submit([](std::size_t value) { return value; }, n).result(watchdog);
        }
    });
    const auto in_bulk = allocations_during([&] {
        for (std::size_t n = 0; n != tasks; ++n) {
            futures[n] = pool.submit([](std::size_t value) { return value; }, n);
        }
        pool.wait_idle(watchdog);
    });

    EXPECT_EQ(one_by_one, tasks);
    EXPECT_EQ(in_bulk, tasks);
    EXPECT_EQ(futures.back().result(), tasks - 1);
}

TEST(Allocations, WaitingForOneFutureMakesNone)
{
    cf::thread_pool_executor pool(1);
    pool.submit([] {}).wait();
    gate may_end;
    const auto future = pool.submit([&] { may_end.wait(); });

    EXPECT_EQ(allocations_during(
                  [&] { static_cast<void>(future.wait_for(std::chrono::milliseconds(1))); }),
              0U);

    may_end.open();
}

// What lasts for the whole program, such as a promise kept when the program is to end, must not collect what
// waited for it.

TEST(Blocks, ALongLivedFutureKeepsNoneOfTheRacesItLost)
{
    cf::promise<int> lasts;
    const auto end = lasts.get_future();

    EXPECT_EQ(blocks_left_by([&] {
                  const cf::promise<int> reply;
                  const auto first = cf::when_any(std::vector{end, reply.get_future()});
                  reply.set_result(1);
                  first.wait();
              }),
              0U);
    EXPECT_EQ(blocks_left_by([&] { cf::when_any(std::vector{end, end}).cancel(); }), 0U);
    lasts.set_result(1);
}

TEST(Blocks, ALongLivedFutureKeepsNoneOfWhatDidNotWaitToTheEnd)
{
    cf::promise<int> lasts;
    const auto end = lasts.get_future();
    const auto cancelled = [] {
        const cf::promise<int> made;
        made.get_future().cancel();
        return made.get_future();
    }();

    EXPECT_EQ(blocks_left_by([&] { cf::when_all(end, cancelled); }), 0U);
    EXPECT_EQ(blocks_left_by([&] { cf::when_all(end, end).cancel(); }), 0U);
    EXPECT_EQ(blocks_left_by([&] { end.then([](int) {}).cancel(); }), 0U);
    EXPECT_EQ(blocks_left_by([&] { end.wait_for(std::chrono::nanoseconds(1)); }), 0U);
    EXPECT_EQ(blocks_left_by(
                  [&] { cf::wait(std::vector{end}, {.timeout = std::chrono::nanoseconds(1)}); }),
              0U);
    EXPECT_EQ(blocks_left_by([&] { cf::as_completed(std::vector{end}); }), 0U);
    EXPECT_EQ(blocks_left_by([&] {
                  cf::completion_queue<cf::future<int>> queue;
                  queue.add(end);
                  queue.async_pop();
              }),
              0U);
    lasts.set_result(1);
}

TEST(Blocks, ALongLivedQueueKeepsNoneOfTheCancelledPops)
{
    cf::completion_queue<cf::future<int>> queue;
    EXPECT_EQ(blocks_left_by([&] { queue.async_pop().cancel(); }), 0U);

    const cf::promise<int> lasts;
    auto completed = cf::as_completed(std::vector{lasts.get_future()});
    EXPECT_EQ(blocks_left_by([&] { completed.async_next().cancel(); }), 0U);
    lasts.set_result(1);
}

} // namespace
