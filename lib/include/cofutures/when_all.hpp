// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// One future for the results of many. Floor 2.

#include <cofutures/detail/future_range.hpp>
#include <cofutures/promise.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace cofutures {

namespace detail {

/// What a void result becomes in a tuple.
template <typename T>
using regular_t =
    std::conditional_t<std::is_void_v<T>,
                       std::monostate,
                       std::conditional_t<std::is_reference_v<T>,
                                          std::reference_wrapper<std::remove_reference_t<T>>,
                                          T>>;

template <typename T>
regular_t<T> regular_result(future<T> done)
{
    if constexpr (std::is_void_v<T>) {
        done.result();
        return {};
    } else {
        return std::move(done).result();
    }
}

/// Waits for inputs one node each; the last to succeed, or the first not to, settles the promise.
template <typename Inputs, typename Result>
class gathering : public std::enable_shared_from_this<gathering<Inputs, Result>> {
public:
    gathering(Inputs inputs, std::size_t count) : inputs_(std::move(inputs)), open_(count + 1) {}

    future<Result> start()
    {
        auto gathered = promise_.get_future();
        std::apply([&](const auto&... input) { (watch(input), ...); }, inputs_);
        // The count of one more than there are inputs kept settle() from emptying inputs_ meanwhile.
        count_down();
        return gathered;
    }

private:
    struct node final : completion_node {
        explicit node(std::shared_ptr<gathering> owner_)
            : completion_node(when::in_turn), owner(std::move(owner_))
        {}
        completion_node* complete(shared_state& state) noexcept override
        {
            const std::unique_ptr<node> self(this);
            owner->told(state);
            return nullptr;
        }
        std::shared_ptr<gathering> owner;
    };

    template <typename T>
    void watch(const std::vector<future<T>>& inputs)
    {
        for (const auto& input : inputs) {
            watch(input);
        }
    }
    void watch(const any_future& input)
    {
        auto* const added = new node(this->shared_from_this());
        shared_state& state = *future_access::state(input);
        if (!state.add(*added)) {
            added->complete(state);
        }
    }

    void told(shared_state& state) noexcept
    {
        if (state.current() == phase::failed) {
            // A failure that comes second is nobody's yet: it counts as not looked at.
            if (promise_.try_set_exception(state.error())) {
                state.observe_error();
            }
        } else if (state.current() == phase::cancelled) {
            promise_.get_future().cancel();
        } else {
            count_down();
        }
    }

    void count_down() noexcept
    {
        if (open_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            settle();
        }
    }

    void settle() noexcept
    {
        try {
            promise_.try_set_result(collect(inputs_));
        } catch (...) {
            promise_.try_set_exception(std::current_exception()); // a result's copy threw
        }
    }

    template <typename T>
    static auto collect(std::tuple<std::vector<future<T>>>& of)
    {
        auto& inputs = std::get<0>(of);
        if constexpr (std::is_void_v<T>) {
            return std::monostate();
        } else {
            Result values;
            values.reserve(inputs.size());
            for (auto& input : inputs) {
                values.push_back(regular_result(std::move(input)));
            }
            return values;
        }
    }
    template <typename... Ts>
    static Result collect(std::tuple<future<Ts>...>& inputs)
    {
        return std::apply(
            [](auto&... input) { return Result(regular_result(std::move(input))...); }, inputs);
    }

    Inputs inputs_; // read by whoever counts open_ down to zero
    // Counting down publishes nothing by itself: each input's own state published its value.
    std::atomic<std::size_t> open_;
    promise<Result> promise_;
};

} // namespace detail

/// A future for the tuple of all results; void becomes `std::monostate`, `T&` a reference wrapper.
///
/// Fails as soon as one input fails, is cancelled as soon as one is cancelled; the others go on. Values
/// are moved from futures that have no other handle, else copied; move-only values are taken.
///
/// **Python** `asyncio.gather()`; `concurrent.futures` has none.
/// **Runs on** its callbacks run in the thread that finishes the deciding input.
/// **Cancellation** Cancelling the result leaves the inputs alone.
template <typename... Ts>
    requires(sizeof...(Ts) > 0)
future<std::tuple<detail::regular_t<Ts>...>> when_all(future<Ts>... inputs)
{
    using result = std::tuple<detail::regular_t<Ts>...>;
    (static_cast<void>(inputs.done()), ...); // refuses an invalid handle
    const auto all = std::make_shared<detail::gathering<std::tuple<future<Ts>...>, result>>(
        std::tuple<future<Ts>...>(std::move(inputs)...), sizeof...(Ts));
    return all->start();
}

/// The same for a range of futures of one type: a future for the vector of results in input order;
/// for `future<void>`, of `std::monostate`. An empty range succeeds at once.
template <future_range Range>
auto when_all(Range&& range)
{
    using input = future_in_t<Range>;
    using value = typename input::value_type;
    using result = std::
        conditional_t<std::is_void_v<value>, std::monostate, std::vector<detail::regular_t<value>>>;
    std::vector<input> inputs;
    for (auto&& element : range) {
        static_cast<void>(element.done());
        if constexpr (std::is_lvalue_reference_v<Range> ||
                      std::ranges::view<std::remove_cvref_t<Range>>) {
            inputs.push_back(element);
        } else {
            inputs.push_back(
                std::move(element)); // the caller's last handles, so that values can be moved
        }
    }
    const std::size_t count = inputs.size();
    const auto all = std::make_shared<detail::gathering<std::tuple<std::vector<input>>, result>>(
        std::tuple(std::move(inputs)), count);
    return all->start();
}

} // namespace cofutures
