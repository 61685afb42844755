// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A result that may not exist yet. Floor 1; read any_future.hpp first, for what does not need `T`.

#include <cofutures/any_future.hpp>
#include <cofutures/detail/task_state.hpp>

#include <type_traits>
#include <utility>

namespace cofutures {

template <typename T>
class future;

namespace detail {

template <typename T>
struct future_results {
    using reference = const T&;
    using value = T;
};
template <typename T>
struct future_results<T&> {
    using reference = T&;
    using value = T&;
};
template <>
struct future_results<void> {
    using reference = void;
    using value = void;
};

template <typename T, typename Function>
struct continuation_result {
    using type = std::invoke_result_t<Function, T>;
};
template <typename T, typename Function>
    requires std::invocable<Function, const T&>
struct continuation_result<T, Function> {
    using type = std::invoke_result_t<Function, const T&>;
};
template <typename T, typename Function>
struct continuation_result<T&, Function> {
    using type = std::invoke_result_t<Function, T&>;
};
template <typename Function>
struct continuation_result<void, Function> {
    using type = std::invoke_result_t<Function>;
};

} // namespace detail

/// A handle to the result of a task: wait for it, look at it, cancel it, chain it, await it.
///
/// `T` may be void, an lvalue reference, move-only or over-aligned. The value lives in the task's
/// block, shared by all handles: `result()` gives access to it, `take()` moves it out, once.
///
/// In a coroutine, `co_await pool.submit(f)` and `co_await std::move(future)` yield the result; include
/// <cofutures/asio/async_wait.hpp>.
///
/// **Python** `concurrent.futures.Future`.
/// **Thread safety, Lifetime, Throws** as `any_future`. References from `result()` are valid while a
///   handle lives and nobody took the value; several threads may read through them, and the exception
///   object that `result()` rethrows is the same in all of them.
template <typename T>
class future : public any_future {
public:
    using value_type = T;

    /// Makes a handle without a task.
    future() noexcept = default;

    /// Waits for the result and gives access to it: `const T&`, `T&` for references, nothing for void.
    ///
    /// **Python** `Future.result()`.
    /// **Blocks** until the task is done, for `limit` at most. The state is looked at before the
    ///   clock: a done future answers with any limit.
    /// **Throws** the task's own exception; `cancelled_error`; `timeout_error`, and the task goes on;
    ///   `invalid_state_error` when the value was taken.
    typename detail::future_results<T>::reference result(timeout limit = {}) const&;

    /// The same for a handle at the end of its life: yields `T` by value, moved if no other handle
    /// exists, else copied. A move-only value is taken.
    typename detail::future_results<T>::value result(timeout limit = {}) &&;

    /// Moves the value out; later `result()` and `take()` throw `invalid_state_error`.
    ///
    /// **Blocks, Throws** as `result()`.
    /// **Lifetime** Ends the validity of references from `result()`; do not race with their readers.
    typename detail::future_results<T>::value take(timeout limit = {}) const;

    /// Calls `function(future)` once the task is done; see `any_future::add_done_callback`.
    template <std::invocable<future> Function>
    void add_done_callback(Function&& function) const
    {
        this->template add_callback<future>(std::forward<Function>(function));
    }

    /// Calls `function(value)` when the task succeeds and returns a future for what that returns.
    ///
    /// `function` receives `const T&` if it can be called so, else `T`, moved or copied as by
    /// `result()` of an expiring handle; nothing for void. A failure or cancellation of this task
    /// becomes that of the new future and `function` is destroyed unrun.
    ///
    /// **Runs on** the thread that finishes this task, or this thread if it is done.
    /// **Cancellation** Cancelling the new future leaves this task alone.
    template <typename Function>
    auto then(Function&& function) const&
    {
        return future(*this).chain(nullptr, std::forward<Function>(function));
    }
    template <typename Function>
    auto then(Function&& function) &&
    {
        return std::move(*this).chain(nullptr, std::forward<Function>(function));
    }

    /// The same, with `function` run by `executor`.
    ///
    /// **Lifetime** The executor must live until this task is done; if it refuses work by then, the new
    ///   future fails with what it threw.
    template <typename Function>
    auto then(executor& executor, Function&& function) const&
    {
        return future(*this).chain(&executor, std::forward<Function>(function));
    }
    template <typename Function>
    auto then(executor& executor, Function&& function) &&
    {
        return std::move(*this).chain(&executor, std::forward<Function>(function));
    }

    /// Starts the future as an Asio operation: its completion handler is called with
    /// `(std::exception_ptr, T)` once the task is done. This is what `co_await std::move(future)` uses.
    ///
    /// Needs <cofutures/asio/async_wait.hpp>, where argument-dependent lookup finds the rest.
    template <typename CompletionToken>
    auto operator()(CompletionToken&& token) && -> decltype(initiate_result(std::declval<future>(),
                                                                            token))
    {
        return initiate_result(std::move(*this), token);
    }

private:
    friend struct detail::future_access;

    explicit future(detail::shared_state* counted) noexcept : any_future(counted) {}

    detail::result_state<T>& typed_state() const
    {
        return static_cast<detail::result_state<T>&>(state());
    }

    typename detail::future_results<T>::value take_value() const;
    void require_untaken() const;

    template <typename Function>
    auto chain(executor* executor, Function&& function) &&;
};

// Implementation

template <typename T>
void future<T>::require_untaken() const
{
    if (state().taken()) {
        throw invalid_state_error("cofutures: the value of this future was taken");
    }
}

template <typename T>
auto future<T>::result(timeout limit) const& -> typename detail::future_results<T>::reference
{
    require_success(limit);
    require_untaken();
    if constexpr (std::is_reference_v<T>) {
        return *typed_state().value();
    } else if constexpr (!std::is_void_v<T>) {
        return typed_state().value();
    }
}

template <typename T>
auto future<T>::result(timeout limit) && -> typename detail::future_results<T>::value
{
    require_success(limit);
    if constexpr (std::is_void_v<T> || std::is_reference_v<T>) {
        return result(limit);
    } else if constexpr (std::is_copy_constructible_v<T>) {
        if (!state().is_only_future()) {
            require_untaken();
            return T(std::as_const(typed_state().value()));
        }
        return take_value();
    } else {
        return take_value();
    }
}

template <typename T>
auto future<T>::take(timeout limit) const -> typename detail::future_results<T>::value
{
    require_success(limit);
    return take_value();
}

template <typename T>
auto future<T>::take_value() const -> typename detail::future_results<T>::value
{
    if (!state().claim_value()) {
        require_untaken();
    }
    if constexpr (std::is_reference_v<T>) {
        return *typed_state().value();
    } else if constexpr (!std::is_void_v<T>) {
        return T(std::move(typed_state().value()));
    }
}

namespace detail {

/// A task that begins when another one is done, with that one's value.
template <typename Result, typename T, typename Function>
class continuation final : public result_state<Result>, public task_state, public completion_node {
public:
    template <typename F>
    continuation(future<T> parent, executor* executor, F&& function)
        : completion_node(when::in_turn), executor_(executor), parent_(std::move(parent))
    {
        std::construct_at(std::addressof(function_), std::forward<F>(function));
    }

    ~continuation() override {} // function_ is destroyed by then

    /// Begins to wait; the parent's list holds one owner's reference from now on.
    void attach() noexcept
    {
        this->add_owner();
        shared_state& parent = *future_access::state(parent_);
        if (!parent.add(*this)) {
            parent.tell(*this);
        }
    }

    completion_node* complete(shared_state&) noexcept override
    {
        if (executor_ != nullptr) {
            enqueue_on(*executor_, *this); // takes over the reference
            return nullptr;
        }
        if (this->start()) {
            this->finish_in_turn(perform()); // takes over the reference, too
        } else {
            this->release_owner();
        }
        return nullptr;
    }

    shared_state& state() noexcept override { return *this; }

    phase perform() noexcept override
    {
        shared_state& parent = *future_access::state(parent_);
        phase outcome = parent.current();
        if (outcome == phase::failed) {
            this->store_error(parent.observe_error());
        } else if (outcome == phase::succeeded) {
            outcome = this->store_outcome_of([this]() -> decltype(auto) { return call(); });
        }
        destroy_work();
        return outcome;
    }

    std::string task_name() const override { return demangled(typeid(Function)); }

private:
    decltype(auto) call()
    {
        if constexpr (std::is_void_v<T>) {
            return std::invoke(std::move(function_));
        } else if constexpr (std::is_reference_v<T> || std::invocable<Function, const T&>) {
            return std::invoke(std::move(function_), parent_.result());
        } else {
            return std::invoke(std::move(function_), std::move(parent_).result());
        }
    }

    void drop_work() noexcept override
    {
        remove_from_owner();
        // Unless the parent is about to tell this node, it never will: give its reference back. The
        // caller of cancel() has a future, so the state outlives this function.
        if (future_access::state(parent_)->remove(*this)) {
            this->release_owner();
        }
        destroy_work();
    }

    void after_cancellation() noexcept override { tell_owner(); }

    void destroy_work() noexcept override
    {
        std::destroy_at(std::addressof(function_));
        parent_ = {};
    }

    executor* executor_;
    future<T> parent_;
    union {
        Function function_; // alive until it has run or will not run
    };
};

} // namespace detail

template <typename T>
template <typename Function>
auto future<T>::chain(executor* executor, Function&& function) &&
{
    using stored = std::decay_t<Function>;
    using returned = typename detail::continuation_result<T, stored>::type;
    using result = detail::future_value_t<returned>;
    detail::require_plain_result<returned>();
    detail::require_callable(function);
    state(); // an invalid handle is refused here
    auto* const child = new detail::continuation<result, T, stored>(
        std::move(*this), executor, std::forward<Function>(function));
    const auto owner = detail::owner_ptr<detail::shared_state>::adopt(child);
    auto made = detail::future_access::share<future<result>>(*child);
    child->attach();
    return made;
}

} // namespace cofutures

template <typename T>
struct std::hash<cofutures::future<T>> : std::hash<cofutures::any_future> {};
