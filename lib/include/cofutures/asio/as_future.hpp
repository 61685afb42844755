// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The completion token that turns any Asio operation into a future. Floor 5.

#include <cofutures/asio/stop_signal.hpp>
#include <cofutures/future.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/execution/executor.hpp>
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
/// Where the operation does not show its executor, as `parallel_group` and `deferred.then(…)`, bind one:
/// `bind_executor(strand, as_future)`; without, the call does not compile. Inside another token the
/// executor is bound next to `as_future`: `as_tuple(bind_executor(strand, as_future))`.
///
/// **Runs on** done-callbacks run where the operation completes: the bound executor, else the operation's.
/// **Cancellation** `request_stop()` cancels the operation through its cancellation slot, on that same
///   executor, from any thread, and once more after each step of a composed operation that goes on all
///   the same, so that a stop between two steps is not lost; the future is then cancelled. `cancel()`
///   returns false. An I/O object used from several threads needs a strand, as always.
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
    stop_signal& signal() noexcept { return stop_; }

    /// On the executor, or when nothing of the operation is left.
    void end(phase outcome) noexcept
    {
        // The context may go as soon as the outcome shows, and what is in the slot may refer to it.
        stop_.slot().clear();
        stop_.detach();
        this->finish(outcome);
    }

private:
    void on_stop_requested() noexcept override { stop_.request(*this); }

    stop_signal stop_;
};

/// The executor of an operation, which looks for a stop request after everything it runs.
///
/// The steps of a composed operation run on it. The signal that was emitted between two of them, or just
/// when one had completed, met nobody: the step that has begun since gets it now.
class step_executor {
    using inner_executor = boost::asio::any_io_executor;

public:
    step_executor(inner_executor inner, shared_state& state, stop_signal& signal) noexcept
        : inner_(std::move(inner)), state_(owner_ptr<shared_state>::share(&state)), signal_(&signal)
    {}
    step_executor(const step_executor& other) noexcept
        : step_executor(other.inner_, *other.state_, *other.signal_)
    {}
    step_executor& operator=(const step_executor& other) noexcept
    {
        step_executor copy(other);
        std::swap(inner_, copy.inner_);
        state_.swap(copy.state_);
        std::swap(signal_, copy.signal_);
        return *this;
    }
    ~step_executor() = default;

    template <typename Function>
    void execute(Function&& function) const
    {
        inner_.execute([step = std::forward<Function>(function), after = *this]() mutable {
            std::move(step)();
            after.signal_->repeat(*after.state_);
        });
    }

    template <typename Property>
    auto query(const Property& property) const
        -> decltype(std::declval<const inner_executor&>().query(property))
    {
        return inner_.query(property);
    }
    template <typename Property>
        requires requires(const inner_executor& inner, const Property& property)
        {
            inner.require(property);
        }
    step_executor require(const Property& property) const
    {
        return {inner_.require(property), *state_, *signal_};
    }
    template <typename Property>
        requires requires(const inner_executor& inner, const Property& property)
        {
            inner.prefer(property);
        }
    step_executor prefer(const Property& property) const
    {
        return {inner_.prefer(property), *state_, *signal_};
    }

    friend bool operator==(const step_executor& left, const step_executor& right) noexcept
    {
        return left.state_.get() == right.state_.get() && left.inner_ == right.inner_;
    }

private:
    inner_executor inner_;
    owner_ptr<shared_state> state_; // owns the signal too
    stop_signal* signal_;
};

/// Where an operation runs, as far as its initiation or one of its arguments shows it: with an executor of
/// its own, as an adapter around another initiation, or by pointing at an I/O object.
template <typename T>
concept shows_executor = requires(T& source)
{
    boost::asio::any_io_executor(source.get_executor());
};
template <typename T>
concept points_to_executor = requires(T& source)
{
    boost::asio::any_io_executor((*source).get_executor());
};
template <typename T>
concept adapts_initiation = requires(T& source)
{
    source.initiation_; // as_tuple, append, … before Boost 1.84
};
/// `bind_executor` around another adapter: our handler would not run on the executor it names.
template <typename T>
concept binds_executor = boost::asio::execution::is_executor<T>::value || requires(T& source)
{
    source.initiation_;
    source.ex_;
};

struct no_executor {};

template <typename Source>
auto executor_shown_by(Source& source)
{
    if constexpr (binds_executor<Source>) {
        static_assert(
            !binds_executor<Source>,
            "cofutures: bind the executor next to as_future, inside other completion tokens: "
            "as_tuple(bind_executor(executor, as_future))");
        return boost::asio::any_io_executor();
    } else if constexpr (shows_executor<Source>) {
        return boost::asio::any_io_executor(source.get_executor());
    } else if constexpr (adapts_initiation<Source>) {
        return executor_shown_by(source.initiation_);
    } else if constexpr (points_to_executor<Source>) {
        return boost::asio::any_io_executor((*source).get_executor());
    } else {
        return no_executor();
    }
}

/// The first executor that one of the sources shows.
template <typename First, typename... Rest>
boost::asio::any_io_executor operation_executor(First& first, Rest&... rest)
{
    if constexpr (!std::is_same_v<decltype(executor_shown_by(first)), no_executor>) {
        return executor_shown_by(first);
    } else {
        static_assert(
            sizeof...(Rest) != 0,
            "cofutures: as_future cannot see on which executor this operation runs, where "
            "a stop request must be emitted; write bind_executor(executor, as_future)");
        if constexpr (sizeof...(Rest) != 0) {
            return operation_executor(rest...);
        } else {
            return {};
        }
    }
}

template <typename T, bool HasError>
class operation_handler {
public:
    using cancellation_slot_type = boost::asio::cancellation_slot;
    using executor_type = step_executor;

    operation_handler(owner_ptr<operation_state<T>> state,
                      boost::asio::any_io_executor executor) noexcept
        : state_(std::move(state)), executor_(std::move(executor))
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
    executor_type get_executor() const noexcept { return {executor_, *state_, state_->signal()}; }

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
    static T after_error(const boost::system::error_code& error, Rest&&... rest)
    {
        if (error) {
            throw boost::system::system_error(error);
        }
        return value(std::forward<Rest>(rest)...);
    }

    template <typename... Rest>
    static T after_error(const std::exception_ptr& error, Rest&&... rest)
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
    boost::asio::any_io_executor executor_;
};

/// What the token does for one completion signature.
template <typename... Args>
struct operation {
    using completion = completion_value<Args...>;
    using value = typename completion::type;
    using future_type = future<value>;

    template <typename Initiation, typename... InitArgs>
    static future_type
    start(boost::asio::any_io_executor executor, Initiation&& initiation, InitArgs&&... args)
    {
        auto* const state = new operation_state<value>(executor);
        auto owner = owner_ptr<operation_state<value>>::adopt(state);
        state->start();
        auto made = future_access::share<future_type>(*state);
        std::forward<Initiation>(initiation)(
            operation_handler<value, completion::has_error>(std::move(owner), std::move(executor)),
            std::forward<InitArgs>(args)...);
        return made;
    }
};

} // namespace detail

} // namespace cofutures

namespace boost::asio {

template <typename Result, typename... Args>
class async_result<cofutures::as_future_t, Result(Args...)> {
    using operation = cofutures::detail::operation<Args...>;

public:
    using return_type = typename operation::future_type;

    template <typename Initiation, typename... InitArgs>
    static return_type initiate(Initiation&& initiation, cofutures::as_future_t, InitArgs&&... args)
    {
        auto executor = cofutures::detail::operation_executor(initiation, args...);
        return operation::start(std::move(executor),
                                std::forward<Initiation>(initiation),
                                std::forward<InitArgs>(args)...);
    }
};

template <typename Executor, typename Result, typename... Args>
class async_result<executor_binder<cofutures::as_future_t, Executor>, Result(Args...)> {
    using operation = cofutures::detail::operation<Args...>;

public:
    using return_type = typename operation::future_type;

    template <typename Initiation, typename Token, typename... InitArgs>
    static return_type initiate(Initiation&& initiation, Token&& token, InitArgs&&... args)
    {
        return operation::start(any_io_executor(token.get_executor()),
                                std::forward<Initiation>(initiation),
                                std::forward<InitArgs>(args)...);
    }
};

} // namespace boost::asio
