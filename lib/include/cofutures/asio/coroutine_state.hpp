// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The state of a coroutine that an io_context_executor runs. Floor 5, internal to it.

#include <cofutures/asio/stop_signal.hpp>
#include <cofutures/future.hpp>
#include <cofutures/task.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace cofutures::detail {

template <typename T>
inline constexpr bool is_awaitable = false;
template <typename T>
inline constexpr bool is_awaitable<boost::asio::awaitable<T>> = true;

/// What the executor is told of its coroutines.
class coroutine_owner {
public:
    /// A launched coroutine is about to be done; called before the outcome shows.
    virtual void ended(phase outcome) noexcept = 0;

    /// Its callbacks have run; the owner may be destroyed after this.
    virtual void gone() noexcept = 0;

protected:
    ~coroutine_owner() = default;
};

/// The untyped part: a coroutine waiting to be launched.
class coroutine_task : public task_state {
public:
    /// Spawns the coroutine; only after `state().start()`. The owner must live until `gone()`.
    virtual void launch(const boost::asio::any_io_executor& executor, coroutine_owner& owner) = 0;

protected:
    ~coroutine_task() = default;
};

template <typename Result, typename Function, typename... Args>
class coroutine_state final : public result_state<Result>, public coroutine_task {
    static constexpr bool wants_token = !std::invocable<Function, Args...>;

public:
    using future_type = future<Result>;

    template <typename F, typename... As>
    explicit coroutine_state(task_options options, F&& function, As&&... args)
        : options_(std::move(options))
    {
        std::construct_at(
            std::addressof(call_), std::forward<F>(function), std::forward<As>(args)...);
    }

    ~coroutine_state() override {} // call_ is destroyed by then

    shared_state& state() noexcept override { return *this; }

    phase perform() noexcept override
    {
        return phase::cancelled;
    } // coroutines are launched, not performed

    void launch(const boost::asio::any_io_executor& executor, coroutine_owner& owner) override
    {
        const auto self =
            owner_ptr<coroutine_state>::share(this); // the coroutine may end in co_spawn()
        signal_.attach(executor);
        // The handler keeps the signal, which Asio still uses after the coroutine has settled the future.
        boost::asio::co_spawn(
            executor,
            run(settlement(*this, owner)),
            boost::asio::bind_cancellation_slot(
                signal_.slot(),
                [keep = owner_ptr<coroutine_state>::share(this)](const std::exception_ptr&) {}));
        if (this->stop_requested()) {
            signal_.request(
                *this); // it came while the state was running and the signal not attached
        }
    }

    std::string task_name() const override
    {
        return task_label(options_, demangled(typeid(Function)));
    }

private:
    /// Settles the future when the coroutine has ended, or was destroyed with its io_context.
    class settlement {
    public:
        settlement(coroutine_state& state, coroutine_owner& owner) noexcept
            : state_(owner_ptr<coroutine_state>::share(&state)), owner_(&owner)
        {}
        settlement(settlement&&) noexcept = default;
        settlement& operator=(settlement&&) = delete;
        ~settlement()
        {
            if (state_ && !state_->done()) {
                settle([]() -> Result { throw broken_promise(); });
            }
        }

        template <typename Outcome>
        void settle(Outcome&& outcome) noexcept
        {
            state_->claim();
            const phase ended = state_->store_outcome_of(std::forward<Outcome>(outcome));
            state_->destroy_work();
            state_->signal_.detach(); // the executor may go as soon as the outcome shows
            owner_->ended(ended);
            state_->finish(ended);
            // Reports the failure if nobody can look at it any more, before the executor is idle.
            owner_ptr<coroutine_state>::share(state_.get());
            owner_->gone();
        }

        coroutine_state& state() noexcept { return *state_; }

    private:
        owner_ptr<coroutine_state> state_;
        coroutine_owner* owner_;
    };

    static boost::asio::awaitable<void> run(settlement ending)
    {
        std::exception_ptr failure;
        if constexpr (std::is_void_v<Result>) {
            try {
                co_await ending.state().call();
            } catch (...) {
                failure = std::current_exception();
            }
            ending.settle([&] { rethrow(failure); });
        } else {
            std::optional<Result> value;
            try {
                value.emplace(co_await ending.state().call());
            } catch (...) {
                failure = std::current_exception();
            }
            ending.settle([&]() -> Result {
                rethrow(failure);
                return *std::move(value);
            });
        }
    }

    static void rethrow(const std::exception_ptr& failure)
    {
        if (failure) {
            std::rethrow_exception(failure);
        }
    }

    boost::asio::awaitable<Result> call()
    {
        return std::apply(
            [&](Function& function, Args&... args) {
                // Lvalues where possible would surprise: as for every task, arguments are passed as
                // rvalues. Reference parameters may bind to them, as they live until the end.
                if constexpr (wants_token) {
                    return std::invoke(std::move(function), stop_.get_token(), std::move(args)...);
                } else {
                    return std::invoke(std::move(function), std::move(args)...);
                }
            },
            call_);
    }

    void drop_work() noexcept override
    {
        remove_from_owner();
        destroy_work();
    }

    void after_cancellation() noexcept override { tell_owner(); }

    void destroy_work() noexcept override { std::destroy_at(std::addressof(call_)); }

    void on_stop_requested() noexcept override
    {
        stop_.request_stop();
        // The signal stays recorded where the coroutine runs: one that is between two awaits meets it at
        // the next one.
        signal_.request(*this);
    }

    task_options options_;
    stop_signal signal_;
    [[no_unique_address]] std::conditional_t<wants_token, std::stop_source, no_stop_source> stop_;
    union {
        std::tuple<Function, Args...>
            call_; // alive until the coroutine has ended or will not begin
    };
};

} // namespace cofutures::detail
