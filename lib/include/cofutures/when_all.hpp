// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// One future for the results of many. Floor 2.

#include <cofutures/detail/combined_state.hpp>
#include <cofutures/detail/future_range.hpp>
#include <cofutures/future.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <optional>
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

/// Settled by the last input to succeed, or by the first not to.
template <typename Inputs, typename Result>
class gathering final : public combined_state<Result> {
public:
    gathering(Inputs inputs, std::size_t count)
        : combined_state<Result>(count), inputs_(std::move(inputs)), open_(count + 1)
    {}

    void start() noexcept
    {
        std::apply([&](const auto&... input) { static_cast<void>((watch_all(input) && ...)); },
                   inputs_);
        // The count of one more than there are inputs kept told() from emptying inputs_ meanwhile.
        const auto outcome = count_down();
        let_go_of_inputs();
        if (outcome) {
            this->finish(*outcome);
        }
    }

private:
    template <typename T>
    bool watch_all(const std::vector<future<T>>& inputs) noexcept
    {
        for (const auto& input : inputs) {
            if (!watch_all(input)) {
                return false;
            }
        }
        return true;
    }
    bool watch_all(const any_future& input) noexcept
    {
        return this->watch(*future_access::state(input));
    }

    std::optional<phase> told(shared_state& input, std::size_t) noexcept override
    {
        const phase ended = input.current();
        if (ended == phase::succeeded) {
            return count_down();
        }
        if (!this->claim()) {
            return std::nullopt; // a failure that comes second is nobody's yet: not looked at
        }
        if (ended == phase::failed) {
            this->store_error(input.observe_error());
        }
        settled();
        return ended;
    }

    /// Only now may values be taken out of the inputs: nobody can cancel any more.
    std::optional<phase> count_down() noexcept
    {
        if (open_.fetch_sub(1, std::memory_order_acq_rel) != 1 || !this->claim()) {
            return std::nullopt;
        }
        const phase outcome = this->store_outcome_of([this] { return collect(inputs_); });
        settled();
        return outcome;
    }

    void drop_work() noexcept override { settled(); }

    void settled() noexcept
    {
        this->leave_inputs();
        let_go_of_inputs();
    }

    /// By whoever settled it, and at the end of start(), which reads them until then.
    void let_go_of_inputs() noexcept
    {
        if (in_use_by_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            const Inputs dropped = std::move(inputs_);
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

    Inputs inputs_;
    // Counting down publishes nothing by itself: each input's own state published its value.
    std::atomic<std::size_t> open_;
    std::atomic<int> in_use_by_{2};
};

template <typename Result, typename Inputs>
future<Result> gather(Inputs inputs, std::size_t count)
{
    auto* const all = new gathering<Inputs, Result>(std::move(inputs), count);
    const auto owner = owner_ptr<shared_state>::adopt(all);
    auto gathered = future_access::share<future<Result>>(*all);
    all->start();
    return gathered;
}

} // namespace detail

/// A future for the tuple of all results; void becomes `std::monostate`, `T&` a reference wrapper.
///
/// Fails as soon as one input fails, is cancelled as soon as one is cancelled; the others go on. Values
/// are moved from futures that have no other handle, else copied; move-only values are taken.
///
/// **Python** `asyncio.gather()`; `concurrent.futures` has none.
/// **Runs on** its callbacks run in the thread that finishes the deciding input.
/// **Cancellation** Cancelling the result leaves the inputs alone, their values too.
/// **Lifetime** Owns handles to the inputs until it is done, however that comes about.
template <typename... Ts>
    requires(sizeof...(Ts) > 0)
future<std::tuple<detail::regular_t<Ts>...>> when_all(future<Ts>... inputs)
{
    using result = std::tuple<detail::regular_t<Ts>...>;
    (static_cast<void>(inputs.done()), ...); // refuses an invalid handle
    return detail::gather<result>(std::tuple<future<Ts>...>(std::move(inputs)...), sizeof...(Ts));
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
    return detail::gather<result>(std::tuple(std::move(inputs)), count);
}

} // namespace cofutures
