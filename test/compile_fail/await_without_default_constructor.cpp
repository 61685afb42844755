// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/asio/async_wait.hpp>

#include <utility>

struct page {
    explicit page(int number);
};

boost::asio::awaitable<void> mistake(cofutures::future<page> future)
{
    co_await std::move(future);
}
