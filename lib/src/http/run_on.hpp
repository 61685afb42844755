// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Blocking calls from coroutines.

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <utility>

namespace cofutures::http::detail {

namespace asio = boost::asio;

/// Runs a blocking function on `pool` and resumes where the coroutine was; rethrows what it threw.
///
/// Not a coroutine itself, and to be called with a named function object: g++ 12 destroys the
/// captures of lambdas inside co_await expressions twice.
template <typename F>
asio::awaitable<void> run_on(asio::thread_pool& pool, F function)
{
    auto initiate = [&pool](auto handler, F work) {
        asio::post(pool, [handler = std::move(handler), work = std::move(work)]() mutable {
            std::exception_ptr error;
            try {
                work();
            } catch (...) {
                error = std::current_exception();
            }
            const auto executor = asio::get_associated_executor(handler);
            // Moved: ThreadSanitizer cannot see who gives up a shared exception last.
            asio::post(executor,
                       [handler = std::move(handler), error = std::move(error)]() mutable {
                           std::move(handler)(std::move(error));
                       });
        });
    };
    return asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(
        std::move(initiate), asio::use_awaitable, std::move(function));
}

} // namespace cofutures::http::detail
