// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/future.hpp>

#include <boost/asio/awaitable.hpp>

boost::asio::awaitable<int> fetch(int index);

void mistake(const cofutures::future<int>& index)
{
    index.then(fetch);
}
