// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/initializer.hpp>

#include <boost/asio/awaitable.hpp>

boost::asio::awaitable<void> open_database();

cofutures::initializer mistake()
{
    return {open_database};
}
