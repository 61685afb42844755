// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/asio/as_future.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>

auto mistake(boost::asio::steady_timer& left, boost::asio::steady_timer& right)
{
    return boost::asio::experimental::make_parallel_group(left.async_wait(boost::asio::deferred),
                                                          right.async_wait(boost::asio::deferred))
        .async_wait(boost::asio::experimental::wait_for_all(), cofutures::as_future);
}
