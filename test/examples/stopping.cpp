// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// What docs/cancellation.md and docs/threads.md show.

#include <cofutures/asio/async_wait.hpp>
#include <cofutures/asio/io_context_executor.hpp>
#include <cofutures/asio/resume_on.hpp>
#include <cofutures/cofutures.hpp>

#include <boost/asio/steady_timer.hpp>

#include <condition_variable>
#include <iostream>
#include <latch>
#include <mutex>
#include <stop_token>

namespace asio = boost::asio;
namespace cf = cofutures;
using namespace std::chrono_literals;

std::latch watching(1);
std::latch waiting(1);

// [token
int watch(std::stop_token stop, int start)
{
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    watching.count_down();
    changed.wait(lock, stop, [] { return false; }); // until the stop is requested
    return start + 1;                               // or throw cf::cancelled_error
}
// token]

// [coroutine
asio::awaitable<std::string> wait_for_news()
{
    asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
    waiting.count_down();
    co_await timer.async_wait(asio::use_awaitable); // ends with operation_aborted
    co_return "no news today";
}
// coroutine]

// [move
asio::awaitable<std::string> where_am_i(cf::thread_pool_executor& pool)
{
    std::string path = cf::this_worker::name();
    co_await cf::resume_on(pool); // from here on, as a task of the pool: blocking is fine
    path += " " + cf::this_worker::name();
    co_await pool.submit([] {}); // every other await brings the coroutine back
    path += " " + cf::this_worker::name();
    co_return path;
}
// move]

int main()
{
    cf::thread_pool_executor pool({.max_workers = 1, .thread_name_prefix = "pool"});
    cf::io_context_executor io({.thread_name_prefix = "loop"});

    // [cancel
    cf::future<int> running = pool.submit(watch, 41);
    cf::future<int> queued = pool.submit(watch, 0); // the pool has one worker
    watching.wait();
    std::cout << std::boolalpha;
    std::cout << "queued: cancel() is " << queued.cancel() << ", " << queued << '\n';
    std::cout << "running: cancel() is " << running.cancel() << '\n';
    std::cout << "running: request_stop() is " << running.request_stop();
    std::cout << ", and its result " << running.result() << '\n';

    cf::future<std::string> news = io.submit(wait_for_news);
    waiting.wait();
    news.request_stop();
    news.wait();
    std::cout << "coroutine: " << news << '\n';
    // cancel]

    std::cout << io.submit(where_am_i, std::ref(pool)).result() << '\n';
}
