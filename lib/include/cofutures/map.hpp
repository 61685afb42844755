// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The results of one function over many inputs, as a range. Floor 2; made by `executor::map`.

#include <cofutures/detail/map_core.hpp>
#include <cofutures/future.hpp>

#include <cstddef>
#include <iterator>
#include <utility>
#include <variant>

namespace cofutures {

/// The input range that `map` and `map_unordered` return; move-only, iterated once.
///
/// `*it` waits for an item and gives `T&` (for void, `std::monostate&`), valid until `++it`; it throws
/// that item's failure, and iteration can go on with the next one. `++it` never throws: where it cannot
/// submit further input, the next `*it` says why. It never waits either, except to skip an item of
/// `map_unordered` that was not looked at.
///
/// **Python** the iterator of `Executor.map`, which before 3.16 ends at the first failure.
/// **Blocks** `*it`, until the item is done or the time of the whole map is over.
/// **Throws** `*it`: the item's exception; `cancelled_error`; `timeout_error`, after which what has not
///   begun is cancelled and the range is at its end. There `++it` does nothing, so that a loop which catches
///   the failure of each item ends as it should.
/// **Lifetime** Dropping the range after `begin()` cancels what has not begun; a range never iterated
///   cancels nothing. With a `buffer_size`, executor and lvalue inputs must outlive the range.
template <typename T>
class map_range {
    using stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

public:
    class iterator {
    public:
        using value_type = std::remove_cvref_t<stored>;
        using difference_type = std::ptrdiff_t;
        using iterator_concept = std::input_iterator_tag;

        iterator() = default;

        stored& operator*() const { return range_->current(); }

        iterator& operator++() noexcept
        {
            range_->core_.next();
            return *this;
        }
        void operator++(int) noexcept { ++*this; }

        friend bool operator==(const iterator& at, std::default_sentinel_t) noexcept
        {
            return at.is_end();
        }

    private:
        friend class map_range;
        explicit iterator(map_range& range) noexcept : range_(&range) {}
        bool is_end() const noexcept { return range_->core_.at_end(); }

        map_range* range_ = nullptr;
    };

    explicit map_range(detail::map_core core) noexcept : core_(std::move(core)) {}

    iterator begin()
    {
        core_.begin();
        return iterator(*this);
    }
    std::default_sentinel_t end() const noexcept { return std::default_sentinel; }

private:
    stored& current();

    detail::map_core core_;
    [[no_unique_address]] std::conditional_t<std::is_void_v<T>, std::monostate, detail::nothing>
        unit_;
};

// Implementation

template <typename T>
auto map_range<T>::current() -> stored&
{
    const any_future& done = core_.current();
    detail::shared_state& state = *detail::future_access::state(done);
    if (const auto failure = done.exception()) {
        std::rethrow_exception(failure);
    }
    const auto value_in = [this](auto& kept) -> stored& {
        if constexpr (std::is_void_v<T>) {
            static_cast<void>(kept);
            return unit_;
        } else if constexpr (std::is_reference_v<T>) {
            static_cast<void>(this);
            return *kept;
        } else {
            static_cast<void>(this);
            return kept;
        }
    };
    if (!core_.chunked()) {
        return value_in(static_cast<detail::result_state<T>&>(state).value());
    }
    auto& outcomes = static_cast<detail::result_state<detail::chunk_outcomes<T>>&>(state).value();
    auto& outcome = outcomes.at(core_.index_in_chunk());
    if (outcome.index() == 1) {
        std::rethrow_exception(std::get<1>(outcome));
    }
    return value_in(std::get<0>(outcome));
}

namespace detail {

/// Starts a map whose tasks come from `submit_item(function, element…)`, or for chunks from
/// `submit_chunk(function, vector<tuple<element…>>)`; both return futures.
template <typename Value,
          typename SubmitItem,
          typename SubmitChunk,
          typename Function,
          typename... Ranges>
map_range<Value> make_map(map_core::order order,
                          const map_options& options,
                          SubmitItem submit_item,
                          SubmitChunk submit_chunk,
                          Function&& function,
                          Ranges&&... ranges)
{
    using stored = std::decay_t<Function>;
    static_assert(std::copy_constructible<stored>,
                  "cofutures: map copies the function into every task");
    map_core::check(options);
    require_callable(function);

    std::unique_ptr<map_feed> feed;
    if (options.chunk_size == 1) {
        feed = std::make_unique<item_feed<SubmitItem, stored, Ranges...>>(
            std::move(submit_item),
            std::forward<Function>(function),
            std::forward<Ranges>(ranges)...);
    } else {
        feed =
            std::make_unique<chunk_feed<plain_inputs<Ranges...>, SubmitChunk, stored, Ranges...>>(
                options.chunk_size,
                std::move(submit_chunk),
                std::forward<Function>(function),
                std::forward<Ranges>(ranges)...);
    }
    return map_range<Value>(map_core(std::move(feed), options, order));
}

} // namespace detail

} // namespace cofutures
