// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The write end of a future. Floor 1; read future.hpp first.

#include <cofutures/future.hpp>

#include <concepts>
#include <cstddef>
#include <exception>
#include <stop_token>
#include <utility>

namespace cofutures {

/// Delivers a result to futures: for tests, for custom executors, for callbacks of other libraries.
///
/// Move-only. A promise that is destroyed without a result fails its futures with `broken_promise`.
///
/// **Python** the methods of `Future` that executors use, and `Future()` itself.
/// **Runs on** Done-callbacks run in the call that delivers.
/// **Thread safety** Distinct promises: safe. One promise: members may race with each other, exactly
///   one delivery wins; moving and destroying may not.
/// **Throws** Members throw `invalid_state_error` on a promise that was moved from.
template <typename T>
class promise {
public:
    promise();
    promise(promise&&) noexcept = default;
    promise& operator=(promise&& other) noexcept;
    ~promise() { abandon(); }

    /// A future for the result; every call returns another handle to the same one.
    future<T> get_future() const { return detail::future_access::share<future<T>>(state()); }

    /// The token that `future::request_stop()` stops once the task runs.
    std::stop_token get_stop_token() const { return state().stop.get_token(); }

    /// Says that the work begins; false if it was cancelled, and then it must not begin.
    ///
    /// **Throws** `invalid_state_error` if it had begun or is finished.
    bool set_running_or_notify_cancel() const;

    /// Delivers a value made from `args`. If making it throws, that becomes the failure. A reference takes
    /// an lvalue, or what converts to one; temporaries do not compile.
    ///
    /// **Throws** `invalid_state_error` if the future is cancelled or finished; its outcome stays.
    template <typename... Args>
        requires((std::is_void_v<T> && sizeof...(Args) == 0) ||
                 std::constructible_from<detail::stored_t<T>, Args...> ||
                 (std::is_reference_v<T> && sizeof...(Args) == 1))
    void set_result(Args&&... args) const
    {
        if (!try_set_result(std::forward<Args>(args)...)) {
            throw_settled();
        }
    }

    /// Delivers a failure.
    ///
    /// **Throws** `invalid_state_error` as `set_result`; `std::invalid_argument` for a null pointer.
    void set_exception(std::exception_ptr error) const
    {
        if (!try_set_exception(std::move(error))) {
            throw_settled();
        }
    }

    /// Delivers as `set_result`, and returns false where that would throw: losing against `cancel()`
    /// is normal.
    template <typename... Args>
    bool try_set_result(Args&&... args) const;

    /// Delivers as `set_exception`, and returns false where that throws for the state.
    bool try_set_exception(std::exception_ptr error) const;

private:
    struct stoppable_state final : detail::result_state<T> {
        void on_stop_requested() noexcept override { stop.request_stop(); }
        std::stop_source stop;
    };

    stoppable_state& state() const;
    [[noreturn]] void throw_settled() const;
    void abandon() noexcept;

    detail::owner_ptr<stoppable_state> state_;
};

// Implementation

template <typename T>
promise<T>::promise() : state_(detail::owner_ptr<stoppable_state>::adopt(new stoppable_state))
{}

template <typename T>
promise<T>& promise<T>::operator=(promise&& other) noexcept
{
    if (this != &other) {
        abandon();
        state_ = std::move(other.state_);
    }
    return *this;
}

template <typename T>
bool promise<T>::set_running_or_notify_cancel() const
{
    if (state().start()) {
        return true;
    }
    const auto now = state().current();
    if (now == detail::phase::cancelled || now == detail::phase::cancelling) {
        return false;
    }
    throw_settled();
}

template <typename T>
template <typename... Args>
bool promise<T>::try_set_result(Args&&... args) const
{
    if constexpr (std::is_reference_v<T> && !(detail::binds_to_an_object<T, Args&&> && ...)) {
        static_assert(sizeof...(Args) == 0,
                      "cofutures: a promise of a reference needs an object that lives on; this "
                      "argument is a temporary, or would be converted to one");
        return false;
    } else {
        if (!state().claim()) {
            return false;
        }
        state().finish(state().store_outcome_of([&]() -> T {
            if constexpr (std::is_reference_v<T>) {
                return (std::forward<Args>(args), ...);
            } else if constexpr (!std::is_void_v<T>) {
                return T(std::forward<Args>(args)...);
            }
        }));
        return true;
    }
}

template <typename T>
bool promise<T>::try_set_exception(std::exception_ptr error) const
{
    if (error == nullptr) {
        throw std::invalid_argument(
            "cofutures: a failure needs an exception, got a null exception_ptr");
    }
    if (!state().claim()) {
        return false;
    }
    state().finish(state().store_failure(std::move(error)));
    return true;
}

template <typename T>
auto promise<T>::state() const -> stoppable_state&
{
    if (!state_) {
        throw invalid_state_error("cofutures: the promise was moved from");
    }
    return *state_;
}

template <typename T>
void promise<T>::throw_settled() const
{
    throw invalid_state_error("cofutures: the outcome is settled: " + to_string(get_future()));
}

template <typename T>
void promise<T>::abandon() noexcept
{
    if (state_ && state_->claim()) {
        state_->store_error(std::make_exception_ptr(broken_promise()));
        state_->finish(detail::phase::failed);
    }
}

/// A future that is done, with a value made from `args`; if making it throws, that is its failure.
template <typename T, typename... Args>
future<T> make_ready_future(Args&&... args)
{
    promise<T> made;
    made.set_result(std::forward<Args>(args)...);
    return made.get_future();
}

/// A future that is done, with `value`; its type is deduced, never named.
template <std::nullptr_t... Unnamed, typename Value>
    requires(sizeof...(Unnamed) == 0)
future<std::decay_t<Value>> make_ready_future(Value&& value)
{
    return make_ready_future<std::decay_t<Value>, Value>(std::forward<Value>(value));
}

/// A future<void> that is done.
inline future<void> make_ready_future()
{
    return make_ready_future<void>();
}

/// A future that has failed. `error` is an exception object or an `std::exception_ptr`.
template <typename T, typename Error>
future<T> make_exceptional_future(Error&& error)
{
    promise<T> made;
    if constexpr (std::is_same_v<std::remove_cvref_t<Error>, std::exception_ptr>) {
        made.set_exception(std::forward<Error>(error));
    } else {
        made.set_exception(std::make_exception_ptr(std::forward<Error>(error)));
    }
    return made.get_future();
}

} // namespace cofutures
