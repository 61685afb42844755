// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/asio/as_future.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

auto mistake(boost::asio::steady_timer& timer, boost::asio::io_context& context)
{
    return timer.async_wait(
        boost::asio::bind_executor(context, boost::asio::as_tuple(cofutures::as_future)));
}
