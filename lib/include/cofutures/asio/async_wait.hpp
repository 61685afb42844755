// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Waiting for futures without blocking: in coroutines, and with any other completion token. Floor 5.
///
/// | expression | yields | the handle |
/// |---|---|---|
/// | `co_await pool.submit(f)`, `co_await std::move(future)` | the result | is used up |
/// | `co_await async_result(future)` | access to the result | is kept |
/// | `co_await async_result(pool.submit(f))` | the result | is used up |
/// | `co_await async_wait(future)` | nothing, once done | is kept |
///
/// A coroutine resumes on its own executor.

#include <cofutures/future.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace cofutures {

namespace detail {

/// One waiting handler, linked into the state it waits for.
///
/// Whoever unlinks it completes it: the thread that finishes the task, or a cancellation. After that it
/// belongs to the function posted to the handler's executor, where the cancellation slot is emptied
/// before the memory goes: signals are emitted on that executor.
template <typename Handler, typename Delivery>
class asynchronous_wait final : public completion_node {
    using executor_type = boost::asio::associated_executor_t<Handler, boost::asio::system_executor>;
    using tracked_executor = std::decay_t<typename boost::asio::prefer_result<
        executor_type,
        boost::asio::execution::outstanding_work_t::tracked_t>::type>;

public:
    static void start(Handler handler, Delivery delivery)
    {
        auto* const wait = new asynchronous_wait(std::move(handler), std::move(delivery));
        auto slot = boost::asio::get_associated_cancellation_slot(wait->handler_);
        if (slot.is_connected()) {
            slot.assign([wait](boost::asio::cancellation_type) { wait->cancel(); });
        }
        if (!wait->state().add(*wait)) {
            // Not in this call, as for every Asio operation.
            wait->post(false);
        }
    }

    completion_node* complete(shared_state&) noexcept override
    {
        post(false);
        return nullptr;
    }

private:
    asynchronous_wait(Handler handler, Delivery delivery)
        : completion_node(when::in_turn),
          // Asio's own choice for handlers without an executor runs them inline since Boost 1.92.
          executor_(boost::asio::prefer(
              boost::asio::get_associated_executor(handler, boost::asio::system_executor()),
              boost::asio::execution::outstanding_work.tracked)),
          handler_(std::move(handler)),
          delivery_(std::move(delivery))
    {}

    shared_state& state() const noexcept { return *future_access::state(delivery_.awaited); }

    void cancel()
    {
        if (state().remove(*this)) {
            delivery_.on_cancelled();
            post(true);
        }
    }

    void post(bool cancelled)
    {
        // Moved, since this object may be gone before post() returns, and because two threads that each
        // drop a handle to the executor look like a race to ThreadSanitizer, which knows no fences.
        const tracked_executor executor = std::move(executor_);
        boost::asio::post(
            executor, [owned = std::unique_ptr<asynchronous_wait>(this), cancelled]() mutable {
                boost::asio::get_associated_cancellation_slot(owned->handler_).clear();
                Handler handler = std::move(owned->handler_);
                Delivery delivery = std::move(owned->delivery_);
                owned.reset();
                std::move(delivery)(std::move(handler), cancelled);
            });
    }

    tracked_executor executor_; // keeps the handler's context running
    Handler handler_;
    Delivery delivery_;
};

struct deliver_done {
    template <typename Handler>
    void operator()(Handler&& handler, bool cancelled) &&
    {
        awaited = {};
        std::forward<Handler>(handler)(cancelled ? boost::asio::error::operation_aborted
                                                 : boost::system::error_code());
    }
    void on_cancelled() {}

    any_future awaited;
};

template <typename T>
struct deliver_result {
    template <typename Handler>
    void operator()(Handler&& handler, bool cancelled) &&
    {
        std::exception_ptr failure;
        if (cancelled) {
            failure = std::make_exception_ptr(
                boost::system::system_error(boost::asio::error::operation_aborted));
        }
        if constexpr (std::is_void_v<T>) {
            take_into(failure, [this] { awaited.result(); });
            awaited = {};
            std::forward<Handler>(handler)(failure);
        } else {
            T value{};
            take_into(failure, [&] { value = std::move(awaited).result(); });
            awaited = {};
            std::forward<Handler>(handler)(failure, std::move(value));
        }
    }

    /// Nobody else wants the result any more: the task may as well stop.
    void on_cancelled()
    {
        if (future_access::state(awaited)->is_only_future()) {
            awaited.request_stop();
        }
    }

    template <typename Function>
    static void take_into(std::exception_ptr& failure, Function function)
    {
        if (!failure) {
            try {
                function();
            } catch (...) {
                failure = std::current_exception();
            }
        }
    }

    future<T> awaited;
};

template <typename T>
struct result_signature {
    using type = void(std::exception_ptr, T);
};
template <>
struct result_signature<void> {
    using type = void(std::exception_ptr);
};
template <typename T>
using result_signature_t = typename result_signature<T>::type;

/// What `future<T>::result()` refers to.
template <typename T>
using viewed_t = std::conditional_t<std::is_reference_v<T>, std::remove_reference_t<T>, const T>;

} // namespace detail

/// What `future<T>::operator()` does.
template <typename T,
          boost::asio::completion_token_for<detail::result_signature_t<T>> CompletionToken>
auto initiate_result(future<T>&& awaited, CompletionToken& token)
{
    static_assert(
        std::is_void_v<T> || (std::is_default_constructible_v<T> && std::is_move_assignable_v<T>),
        "cofutures: this result cannot be awaited directly, since Asio must default-construct it; "
        "write co_await async_result(future)");
    return boost::asio::async_initiate<CompletionToken, detail::result_signature_t<T>>(
        [](auto handler, future<T> waited_for) {
            detail::asynchronous_wait<decltype(handler), detail::deliver_result<T>>::start(
                std::move(handler), detail::deliver_result<T>{std::move(waited_for)});
        },
        token,
        std::move(awaited));
}

/// Waits until a future is done, however it ends; completes with `void(error_code)`.
///
/// **Runs on** the handler's associated executor; a handler without one, on a thread of Asio's system
///   context.
/// **Cancellation** Any type: the wait ends with `operation_aborted`, the task is left alone.
/// **Lifetime** The handler's execution context must outlive the wait, and has outstanding work meanwhile.
/// **Throws** `invalid_state_error` for a handle without a task.
template <typename CompletionToken = boost::asio::deferred_t>
auto async_wait(any_future awaited, CompletionToken&& token = {})
{
    static_cast<void>(awaited.done()); // refuses an invalid handle
    return boost::asio::async_initiate<CompletionToken, void(boost::system::error_code)>(
        [](auto handler, any_future waited_for) {
            detail::asynchronous_wait<decltype(handler), detail::deliver_done>::start(
                std::move(handler), detail::deliver_done{std::move(waited_for)});
        },
        token,
        std::move(awaited));
}

namespace detail {

template <typename T>
boost::asio::awaitable<std::reference_wrapper<viewed_t<T>>> await_view(future<T> awaited)
{
    co_await async_wait(awaited, boost::asio::use_awaitable);
    co_return awaited.result();
}

template <typename T>
boost::asio::awaitable<T> await_value(future<T> awaited)
{
    co_await async_wait(awaited, boost::asio::use_awaitable);
    co_return std::move(awaited).result();
}

} // namespace detail

/// Awaits a future that one keeps: `const page& p = co_await async_result(f);`
///
/// Yields a `std::reference_wrapper` to the result, const for values; nothing for void. Valid as long as
/// what `future::result()` gives. Works for results that cannot be default-constructed.
///
/// **Cancellation** Cancelling the coroutine ends the wait with `operation_aborted` and leaves the task
///   alone.
/// **Throws** what `future::result()` throws.
template <typename T>
    requires(!std::is_void_v<T>)
boost::asio::awaitable<std::reference_wrapper<detail::viewed_t<T>>>
async_result(const future<T>& awaited)
{
    return detail::await_view(awaited);
}

/// The same for a handle at the end of its life: yields the result itself, as `future::result() &&` does,
/// since nothing else would keep it. `const page p = co_await async_result(pool.submit(load));`
template <typename T>
    requires(!std::is_void_v<T> && !std::is_reference_v<T>)
boost::asio::awaitable<T> async_result(future<T>&& awaited)
{
    return detail::await_value(std::move(awaited));
}
template <typename T>
    requires(!std::is_void_v<T> && !std::is_reference_v<T>)
boost::asio::awaitable<T> async_result(const future<T>&& awaited)
{
    return detail::await_value(future<T>(awaited));
}

/// The same for nothing.
inline boost::asio::awaitable<void> async_result(future<void> awaited)
{
    return detail::await_value(std::move(awaited));
}

} // namespace cofutures
