// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// As consumer.cpp, for the components that bring dependencies.

#include <cofutures/asio/async_wait.hpp>
#include <cofutures/asio/io_context_executor.hpp>
#include <cofutures/codec.hpp>
#include <cofutures/http/url.hpp>
#include <cofutures/thread_pool_executor.hpp>

#include <cstdio>

namespace cf = cofutures;

namespace {

boost::asio::awaitable<int> work(cf::thread_pool_executor& pool)
{
    co_return co_await pool.submit([] { return 41; }) + 1;
}

} // namespace

int main()
{
    cf::thread_pool_executor pool({.max_workers = 1});
    cf::io_context_executor io;
    cf::future<int> answer = io.submit(work, std::ref(pool));
    std::printf("%d\n", answer.result());
    return answer.result() == 42 ? 0 : 1;
}
