// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The completion token that turns any Asio operation into a future. Floor 5.

#include <cofutures/asio/stop_signal.hpp>
#include <cofutures/future.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <tuple>
#include <type_traits>
#include <utility>

namespace cofutures {

/// The type of `as_future`.
struct as_future_t {};

/// Starts an Asio operation as a future: `future<std::size_t> n = socket.async_read_some(buffer, as_future);`
///
/// A leading `error_code` or `exception_ptr` of the operation becomes the future's failure
/// (`boost::system::system_error` for a code); the remaining arguments become its value: none void, one
/// itself, several a tuple. The future is running from the start.
///
/// Named differently from `asio::use_future`, which gives a `std::future`.
///
/// **Runs on** done-callbacks run where the operation completes.
/// **Cancellation** `request_stop()` cancels the operation through its cancellation slot, on the I/O
///   object's executor, from any thread; the future is then cancelled. `cancel()` returns false. An I/O
///   object used from several threads needs a strand, as always.
/// **Lifetime** The operation's context must outlive the operation; destroyed before, it leaves the
///   future with `broken_promise`.
inline constexpr as_future_t as_future{};

namespace detail {

template <typename... Values>
struct value_of {
    using type = std::tuple<Values...>;
};
template <>
struct value_of<> {
    using type = void;
};
template <typename Value>
struct value_of<Value> {
    using type = Value;
};

/// The future's value for a completion signature's arguments, without a leading error.
template <typename... Args>
struct completion_value : value_of<std::decay_t<Args>...> {
    static constexpr bool has_error = false;
};
template <typename First, typename... Rest>
    requires std::is_same_v<std::decay_t<First>, boost::system::error_code> ||
        std::is_same_v<std::decay_t<First>, std::exception_ptr>
struct completion_value<First, Rest...> : value_of<std::decay_t<Rest>...> {
    static constexpr bool has_error = true;
};

template <typename T>
class operation_state final : public result_state<T> {
public:
    explicit operation_state(boost::asio::any_io_executor executor) : stop_(std::move(executor)) {}

    boost::asio::cancellation_slot slot() noexcept { return stop_.slot(); }

    void end(phase outcome) noexcept
    {
        stop_.detach(); // the context may go as soon as the outcome shows
        this->finish(outcome);
    }

private:
    void on_stop_requested() noexcept override { stop_.request(*this); }

    stop_signal stop_;
};

template <typename T, bool HasError>
class operation_handler {
public:
    using cancellation_slot_type = boost::asio::cancellation_slot;

    explicit operation_handler(owner_ptr<operation_state<T>> state) noexcept
        : state_(std::move(state))
    {}
    operation_handler(operation_handler&&) noexcept = default;
    operation_handler& operator=(operation_handler&&) = delete;
    ~operation_handler()
    {
        if (state_ && state_->claim()) {
            state_->store_error(std::make_exception_ptr(broken_promise()));
            state_->end(phase::failed);
        }
    }

    cancellation_slot_type get_cancellation_slot() const noexcept { return state_->slot(); }

    template <typename... Args>
    void operator()(Args&&... args)
    {
        if (!state_->claim()) {
            return;
        }
        state_->end(state_->store_outcome_of([&]() -> T {
            if constexpr (HasError) {
                return after_error(std::forward<Args>(args)...);
            } else {
                return value(std::forward<Args>(args)...);
            }
        }));
    }

private:
    template <typename... Rest>
    T after_error(const boost::system::error_code& error, Rest&&... rest)
    {
        if (error == boost::asio::error::operation_aborted && state_->stop_requested()) {
            throw cancelled_error();
        }
        if (error) {
            throw boost::system::system_error(error);
        }
        return value(std::forward<Rest>(rest)...);
    }

    template <typename... Rest>
    T after_error(const std::exception_ptr& error, Rest&&... rest)
    {
        if (error) {
            std::rethrow_exception(error);
        }
        return value(std::forward<Rest>(rest)...);
    }

    template <typename... Values>
    static T value(Values&&... values)
    {
        if constexpr (!std::is_void_v<T>) {
            return T(std::forward<Values>(values)...);
        }
    }

    owner_ptr<operation_state<T>> state_;
};

} // namespace detail

} // namespace cofutures

namespace boost::asio {

template <typename Result, typename... Args>
class async_result<cofutures::as_future_t, Result(Args...)> {
    using completion = cofutures::detail::completion_value<Args...>;
    using value = typename completion::type;

public:
    using return_type = cofutures::future<value>;

    template <typename Initiation, typename... InitArgs>
    static return_type initiate(Initiation&& initiation, cofutures::as_future_t, InitArgs&&... args)
    {
        namespace detail = cofutures::detail;
        auto* const state = new detail::operation_state<value>(
            any_io_executor(get_associated_executor(initiation)));
        auto owner = detail::owner_ptr<detail::operation_state<value>>::adopt(state);
        state->start();
        auto made = detail::future_access::share<return_type>(*state);
        std::forward<Initiation>(initiation)(
            detail::operation_handler<value, completion::has_error>(std::move(owner)),
            std::forward<InitArgs>(args)...);
        return made;
    }
};

} // namespace boost::asio
