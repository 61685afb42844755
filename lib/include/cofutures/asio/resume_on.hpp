// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Moving a coroutine to another executor for a while. Floor 5.

#include <cofutures/error.hpp>
#include <cofutures/executor.hpp>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace cofutures {

namespace detail {

/// Calls the handler on whatever runs it; where nothing does, reports on the handler's own executor.
template <typename Handler>
class resumption {
public:
    explicit resumption(Handler handler) : handler_(std::move(handler)) {}
    resumption(resumption&& other) noexcept : handler_(std::exchange(other.handler_, std::nullopt))
    {}
    resumption& operator=(resumption&&) = delete;
    ~resumption()
    {
        if (handler_) {
            refuse(std::make_exception_ptr(
                cancelled_error("cofutures: the executor dropped the coroutine's move")));
        }
    }

    void operator()()
    {
        Handler handler = *std::exchange(handler_, std::nullopt);
        std::move(handler)(std::exception_ptr());
    }

    void refuse(std::exception_ptr reason)
    {
        auto executor = boost::asio::get_associated_executor(*handler_);
        boost::asio::post(
            executor,
            [handler = *std::exchange(handler_, std::nullopt),
             reason = std::move(reason)]() mutable { std::move(handler)(std::move(reason)); });
    }

private:
    std::optional<Handler> handler_;
};

} // namespace detail

/// Continues the coroutine as a task of `executor`: `co_await resume_on(pool); blocking_call();`
///
/// The coroutine stays there until its next `co_await` of something that is not ready; what it awaits
/// resumes it on its own executor.
///
/// **Cancellation** The move itself cannot be cancelled. Asio's cancellation state is not thread-safe:
///   do not request a stop of a coroutine while it is away.
/// **Lifetime** `executor` must outlive the move.
/// **Throws** into the coroutine, on its own executor: `executor_shut_down`; `cancelled_error` when the
///   executor cancels what it has queued.
template <typename CompletionToken = boost::asio::deferred_t>
auto resume_on(executor& executor, CompletionToken&& token = {})
{
    return boost::asio::async_initiate<CompletionToken, void(std::exception_ptr)>(
        [](auto handler, cofutures::executor* target) {
            using resumption = detail::resumption<decltype(handler)>;
            // Kept outside the task as well, since a refused task takes its captures with it.
            auto shared = std::make_shared<resumption>(std::move(handler));
            try {
                target->submit([shared]() mutable { (*std::exchange(shared, nullptr))(); });
            } catch (...) {
                shared->refuse(std::current_exception());
            }
        },
        token,
        &executor);
}

} // namespace cofutures
