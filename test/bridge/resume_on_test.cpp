// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/asio/async_wait.hpp>
#include <cofutures/asio/io_context_executor.hpp>
#include <cofutures/asio/resume_on.hpp>
#include <cofutures/thread_pool_executor.hpp>

#include "support/gate.hpp"

#include <boost/asio/steady_timer.hpp>

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace cofutures {

namespace {

namespace asio = boost::asio;
using test::gate;
using test::watchdog;

asio::awaitable<std::vector<std::string>> wander(thread_pool_executor& pool)
{
    std::vector<std::string> names;
    names.push_back(this_worker::name());
    co_await resume_on(pool);
    names.push_back(this_worker::name());
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds(0));
    co_await timer.async_wait(asio::use_awaitable);
    names.push_back(this_worker::name());
    co_return names;
}

TEST(ResumeOn, MovesTheCoroutineUntilItAwaitsSomethingElse)
{
    thread_pool_executor pool(1, "pool");
    io_context_executor io({.thread_name_prefix = "loop"});

    const auto names = io.submit(wander, std::ref(pool));

    EXPECT_EQ(names.result(watchdog), (std::vector<std::string>{"loop_0", "pool_0", "loop_0"}));
}

asio::awaitable<std::string> end_on(thread_pool_executor& pool)
{
    co_await resume_on(pool);
    co_return this_worker::name();
}

TEST(ResumeOn, TheCoroutineMayEndThere)
{
    thread_pool_executor pool(1, "pool");
    for (int n = 0; n != 20; ++n) {
        io_context_executor io;
        EXPECT_EQ(io.submit(end_on, std::ref(pool)).result(watchdog), "pool_0");
    }
}

template <typename Error>
asio::awaitable<std::string> where_it_is_refused(thread_pool_executor& pool, gate& begun)
{
    begun.open();
    try {
        co_await resume_on(pool);
    } catch (const Error&) {
        co_return this_worker::name();
    }
    co_return "moved";
}

TEST(ResumeOn, OfAShutDownExecutorIsRefusedOnTheCoroutinesThread)
{
    gate begun;
    thread_pool_executor pool(1);
    pool.shutdown();
    io_context_executor io({.thread_name_prefix = "loop"});

    const auto place =
        io.submit(where_it_is_refused<executor_shut_down>, std::ref(pool), std::ref(begun));

    EXPECT_EQ(place.result(watchdog), "loop_0");
}

TEST(ResumeOn, DroppedFromTheQueueThrowsCancelledErrorOnTheCoroutinesThread)
{
    gate busy, may_end, begun, queued;
    thread_pool_executor pool(1);
    const test::opens_at_exit release(may_end);
    io_context_executor io({.thread_name_prefix = "loop"});
    pool.submit([&] {
        busy.open();
        may_end.wait();
    });
    busy.wait();
    const auto place =
        io.submit(where_it_is_refused<cancelled_error>, std::ref(pool), std::ref(begun));
    begun.wait();
    asio::post(io.context(), [&] { queued.open(); });
    queued.wait();

    pool.shutdown({.wait = false, .cancel_futures = true});

    EXPECT_EQ(place.result(watchdog), "loop_0");
}

} // namespace

} // namespace cofutures
