// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// One future for the first of many to be done. Floor 2.

#include <cofutures/detail/combined_state.hpp>
#include <cofutures/detail/future_range.hpp>
#include <cofutures/future.hpp>

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <vector>

namespace cofutures {

/// The first future to be done, and its place in the input.
template <typename Future>
struct when_any_result {
    std::size_t index = 0;
    Future future = {};
};

namespace detail {

/// Settled by the first input that is done.
template <typename Future>
class first_of final : public combined_state<when_any_result<Future>> {
public:
    explicit first_of(std::size_t inputs) : combined_state<when_any_result<Future>>(inputs) {}

    void start(const std::vector<Future>& inputs) noexcept
    {
        for (const auto& input : inputs) {
            if (!this->watch(*future_access::state(input))) {
                break;
            }
        }
    }

private:
    std::optional<phase> told(shared_state& input, std::size_t index) noexcept override
    {
        if (!this->claim()) {
            return std::nullopt; // lost, or cancelled
        }
        const phase outcome = this->store_outcome_of([&] {
            return when_any_result<Future>{index, future_access::share<Future>(input)};
        });
        this->leave_inputs();
        return outcome;
    }
};

} // namespace detail

/// A future for the first input that is done, however it ended; look at its `.future` for that.
///
/// The others go on; `request_stop()` them if they are no longer wanted. If several are done already,
/// the first in input order is chosen.
///
/// **Python** `wait(…, return_when=FIRST_COMPLETED)`, without blocking.
/// **Runs on** its callbacks run in the thread that finishes the input.
/// **Lifetime** Once one is done, or the result is cancelled, nothing of the race stays with the others:
///   a future that lasts for the whole program may take part in any number of them.
/// **Throws** `std::invalid_argument` for an empty range; `invalid_state_error` for a handle without a
///   task.
template <future_range Range>
future<when_any_result<future_in_t<Range>>> when_any(Range&& range)
{
    using input = future_in_t<Range>;
    std::vector<input> inputs;
    for (auto&& element : range) {
        static_cast<void>(element.done());
        inputs.push_back(element);
    }
    if (inputs.empty()) {
        throw std::invalid_argument(
            "cofutures: when_any needs at least one future, got an empty range");
    }
    auto* const race = new detail::first_of<input>(inputs.size());
    const auto owner = detail::owner_ptr<detail::shared_state>::adopt(race);
    auto first = detail::future_access::share<future<when_any_result<input>>>(*race);
    race->start(inputs);
    return first;
}

/// The same for `when_any({a, b})` with futures of any types.
inline future<when_any_result<any_future>> when_any(std::initializer_list<any_future> futures)
{
    return when_any(std::vector<any_future>(futures));
}

} // namespace cofutures
