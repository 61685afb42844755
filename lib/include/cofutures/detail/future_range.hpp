// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What `wait`, `as_completed` and the combinators accept: ranges of futures, and maps keyed by them.
/// Floor 2, internal.

#include <cofutures/any_future.hpp>

#include <concepts>
#include <iterator>
#include <ranges>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

namespace cofutures::detail {

template <typename T>
concept future_like = std::derived_from<std::remove_cvref_t<T>, any_future>;

template <typename T>
concept entry_with_future_key = !future_like<T> && requires(const T& entry)
{
    {
        entry.first
        } -> future_like;
};

template <typename T>
struct future_in {
    using type = std::remove_cvref_t<T>;
};
template <entry_with_future_key T>
struct future_in<T> {
    using type = std::remove_cvref_t<decltype(std::declval<const T&>().first)>;
};

} // namespace cofutures::detail

namespace cofutures {

/// Any input range whose elements are futures, or map entries with a future as key.
template <typename Range>
concept future_range = std::ranges::input_range<Range> &&
    (detail::future_like<std::ranges::range_value_t<Range>> ||
     detail::entry_with_future_key<std::ranges::range_value_t<Range>>);

/// The future type of a `future_range`.
template <future_range Range>
using future_in_t = typename detail::future_in<std::ranges::range_value_t<Range>>::type;

namespace detail {

/// Reads each element once, in order, and keeps the first handle to each task.
///
/// **Throws** `invalid_state_error` for a handle without a task.
template <future_range Range>
std::vector<future_in_t<Range>> distinct_futures(Range&& range)
{
    std::vector<future_in_t<Range>> distinct;
    std::unordered_set<const shared_state*> seen;
    if constexpr (std::ranges::sized_range<Range>) {
        distinct.reserve(std::ranges::size(range));
        seen.reserve(std::ranges::size(range));
    }
    for (auto&& element : range) {
        const future_in_t<Range>& future = [&]() -> const future_in_t<Range>& {
            if constexpr (future_like<decltype(element)>) {
                return element;
            } else {
                return element.first;
            }
        }();
        static_cast<void>(future.done()); // refuses an invalid handle
        if (seen.insert(future_access::state(future)).second) {
            distinct.push_back(future);
        }
    }
    return distinct;
}

} // namespace detail

} // namespace cofutures
