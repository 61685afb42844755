// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/thread_pool_executor.hpp>

#include <boost/asio/awaitable.hpp>

#include <vector>

boost::asio::awaitable<int> fetch(int index);

void mistake(cofutures::thread_pool_executor& pool)
{
    pool.map(fetch, std::vector{1, 2, 3});
}
