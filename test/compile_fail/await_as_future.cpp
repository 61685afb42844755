// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/asio/as_future.hpp>
#include <cofutures/asio/async_wait.hpp>

auto mistake(cofutures::future<int> awaited)
{
    return cofutures::async_wait(awaited, cofutures::as_future);
}
