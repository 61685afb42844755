// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/future.hpp>

#include <boost/asio/awaitable.hpp>

boost::asio::awaitable<void> tell(cofutures::future<int> done);

void mistake(const cofutures::future<int>& future)
{
    future.add_done_callback(tell);
}
