// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// One future for the first of many to be done. Floor 2.

#include <cofutures/detail/future_range.hpp>
#include <cofutures/promise.hpp>

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace cofutures {

/// The first future to be done, and its place in the input.
template <typename Future>
struct when_any_result {
    std::size_t index = 0;
    Future future = {};
};

namespace detail {

template <typename Future>
struct first_one final : completion_node {
    first_one(std::shared_ptr<promise<when_any_result<Future>>> to_, std::size_t index_)
        : completion_node(when::in_turn), to(std::move(to_)), index(index_)
    {}
    completion_node* complete(shared_state& state) noexcept override
    {
        const std::unique_ptr<first_one> self(this);
        to->try_set_result(when_any_result<Future>{index, future_access::share<Future>(state)});
        return nullptr;
    }
    std::shared_ptr<promise<when_any_result<Future>>> to;
    std::size_t index;
};

} // namespace detail

/// A future for the first input that is done, however it ended; look at its `.future` for that.
///
/// The others go on; `request_stop()` them if they are no longer wanted. If several are done already,
/// the first in input order is chosen.
///
/// **Python** `wait(…, return_when=FIRST_COMPLETED)`, without blocking.
/// **Runs on** its callbacks run in the thread that finishes the input.
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
    const auto to = std::make_shared<promise<when_any_result<input>>>();
    auto first = to->get_future();
    for (std::size_t index = 0; index != inputs.size(); ++index) {
        auto* const node = new detail::first_one<input>(to, index);
        detail::shared_state& state = *detail::future_access::state(inputs[index]);
        if (!state.add(*node)) {
            node->complete(state);
        }
    }
    return first;
}

/// The same for `when_any({a, b})` with futures of any types.
inline future<when_any_result<any_future>> when_any(std::initializer_list<any_future> futures)
{
    return when_any(std::vector<any_future>(futures));
}

} // namespace cofutures
