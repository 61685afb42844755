// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "strand_event.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace cofutures::http::detail {

asio::awaitable<void> strand_event::wait_until(std::chrono::steady_clock::time_point limit)
{
    timer_.expires_at(limit);
    boost::system::error_code ignored;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

} // namespace cofutures::http::detail
