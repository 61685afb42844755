// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/thread_pool_executor.hpp>

#include <boost/asio/awaitable.hpp>

boost::asio::awaitable<int> work();

void mistake(cofutures::thread_pool_executor& pool)
{
    pool.submit(work);
}
