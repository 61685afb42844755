// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// How `map` submits its input and keeps what is under way. Floor 2, internal.

#include <cofutures/any_future.hpp>
#include <cofutures/detail/completion_core.hpp>
#include <cofutures/detail/result_state.hpp>
#include <cofutures/detail/task_state.hpp>
#include <cofutures/timeout.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace cofutures {

/// How a `map` goes about its work.
struct map_options {
    /// For the whole iteration, counted from the call of `map`.
    cofutures::timeout timeout = {};

    /// How many inputs make one task. More than one pays off for inputs of microseconds.
    std::size_t chunk_size = 1;

    /// How many inputs may be submitted and not yet reached by the iteration; absent: all at once.
    /// Makes infinite inputs possible.
    std::optional<std::size_t> buffer_size = {};
};

namespace detail {

/// The value or the failure of each input of a chunk.
template <typename T>
using chunk_outcomes = std::vector<std::variant<stored_t<T>, std::exception_ptr>>;

/// One submitted task of a map.
struct map_task {
    any_future future;
    std::size_t inputs = 0;
};

/// Reads input and submits it.
class map_feed {
public:
    virtual ~map_feed() = default;

    /// Submits one more task; empty when the input is used up.
    virtual std::optional<map_task> next() = 0;
};

/// The tasks of one map: which were submitted, which one the iteration is at.
class map_core {
public:
    enum class order { of_input, of_completion };

    /// Submits everything, or the first window.
    ///
    /// **Throws** what reading the input or submitting throws; what was submitted is cancelled then.
    map_core(std::unique_ptr<map_feed> feed, const map_options& options, order results);
    ~map_core();
    map_core(map_core&&) noexcept;
    map_core& operator=(map_core&&) = delete;

    void begin() noexcept;
    bool at_end() const noexcept { return current_.inputs == 0 && under_way_ == 0; }

    /// Goes on to the next input; at the end, where a time-out leads, it stays there.
    void next() noexcept;

    /// The future of the current task, done. Blocks; see map_range.
    ///
    /// **Throws** `timeout_error`, also at the end.
    const any_future& current();

    bool chunked() const noexcept { return chunked_; }
    std::size_t index_in_chunk() const noexcept { return index_; }

    static void check(const map_options& options);

private:
    bool submit_one();
    void refill() noexcept;
    void cancel_rest() noexcept;
    void leave_current() noexcept;

    std::unique_ptr<map_feed> feed_; // null once the input is used up
    std::optional<timeout::clock::time_point> deadline_;
    bool chunked_;
    order order_;
    bool begun_ = false;

    map_task current_;      // inputs == 0 while the next one has not been chosen
    std::size_t index_ = 0; // within the current task
    std::size_t under_way_ = 0;

    std::deque<map_task> in_order_;                         // order::of_input: oldest first
    completion_core completed_;                             // order::of_completion
    std::unordered_map<any_future, std::size_t> inputs_of_; // order::of_completion
};

/// What a task receives of a range: its values, decayed. Not what dereferencing an iterator gives, which
/// may be a proxy that refers to the range, as for `std::vector<bool>`, or to what the iterator holds. Arrays
/// alone are no values: a task gets a pointer to one, as `submit` passes it.
template <typename Range>
using element_t = std::conditional_t<std::is_array_v<std::ranges::range_value_t<Range>>,
                                     std::decay_t<std::ranges::range_reference_t<Range>>,
                                     std::decay_t<std::ranges::range_value_t<Range>>>;

/// Several ranges read in step, until the shortest ends. Elements of containers passed as rvalues are
/// moved out.
template <typename... Ranges>
class zipped_input {
public:
    explicit zipped_input(Ranges&&... ranges)
        : ranges_(std::forward<Ranges>(ranges)...),
          positions_(std::apply(
              [](auto&... range) { return std::tuple(std::ranges::begin(range)...); }, ranges_))
    {}
    zipped_input(const zipped_input&) = delete; // iterators point into the ranges
    zipped_input& operator=(const zipped_input&) = delete;

    /// Whether a range is used up. Moves on first, if an element was passed on: not earlier, since
    /// reading the next input may block or throw.
    bool at_end()
    {
        if (std::exchange(passed_, false)) {
            std::apply([](auto&... position) { (static_cast<void>(++position), ...); }, positions_);
        }
        return at_end(std::index_sequence_for<Ranges...>());
    }

    /// Calls `function(element…)`; only after `at_end()` was false.
    template <typename Function>
    decltype(auto) pass_on(Function&& function)
    {
        passed_ = true;
        return std::apply(
            [&](auto&... position) -> decltype(auto) {
                return std::forward<Function>(function)(element<Ranges>(position)...);
            },
            positions_);
    }

private:
    template <std::size_t... I>
    bool at_end(std::index_sequence<I...>)
    {
        return ((std::get<I>(positions_) == std::ranges::end(std::get<I>(ranges_))) || ...);
    }

    /// The element as it is, where it is one of the value's type; else the value, made of the proxy.
    template <typename Range, typename Position>
    static decltype(auto) element(Position& position)
    {
        if constexpr (!std::is_same_v<std::decay_t<decltype(*position)>, element_t<Range>>) {
            return static_cast<element_t<Range>>(*position);
        } else if constexpr (std::is_lvalue_reference_v<Range> ||
                             std::ranges::view<std::remove_cvref_t<Range>>) {
            return *position;
        } else {
            return std::ranges::iter_move(position);
        }
    }

    // As views::all, which Clang 14 cannot compile: refers to lvalues, copies views, owns rvalues.
    template <typename Range>
    using held = std::conditional_t<std::is_lvalue_reference_v<Range> &&
                                        !std::ranges::view<std::remove_cvref_t<Range>>,
                                    Range,
                                    std::remove_cvref_t<Range>>;

    std::tuple<held<Ranges>...> ranges_;
    std::tuple<std::ranges::iterator_t<held<Ranges>>...> positions_;
    bool passed_ = false;
};

/// Feeds inputs one by one through `submit(function, element…)`, which returns a future.
template <typename Submit, typename Function, typename... Ranges>
class item_feed final : public map_feed {
public:
    template <typename F>
    item_feed(Submit submit, F&& function, Ranges&&... ranges)
        : submit_(std::move(submit)),
          function_(std::forward<F>(function)),
          input_(std::forward<Ranges>(ranges)...)
    {}

    std::optional<map_task> next() override
    {
        if (input_.at_end()) {
            return std::nullopt;
        }
        return input_.pass_on([this](auto&&... elements) {
            return map_task{submit_(function_, std::forward<decltype(elements)>(elements)...), 1};
        });
    }

private:
    Submit submit_;
    Function function_;
    zipped_input<Ranges...> input_;
};

/// What a chunk holds of ranges: their elements as they are.
template <typename... Ranges>
struct plain_inputs {
    using input = std::tuple<element_t<Ranges>...>;

    template <typename... Elements>
    static void add(std::vector<input>& chunk, Elements&&... elements)
    {
        chunk.emplace_back(std::forward<Elements>(elements)...);
    }
};

/// Feeds chunks through `submit(function, vector<Inputs::input>)`, which returns a future of
/// `chunk_outcomes`.
template <typename Inputs, typename Submit, typename Function, typename... Ranges>
class chunk_feed final : public map_feed {
public:
    template <typename F>
    chunk_feed(std::size_t size, Submit submit, F&& function, Ranges&&... ranges)
        : size_(size),
          submit_(std::move(submit)),
          function_(std::forward<F>(function)),
          input_(std::forward<Ranges>(ranges)...)
    {}

    std::optional<map_task> next() override
    {
        std::vector<typename Inputs::input> chunk;
        while (chunk.size() != size_ && !input_.at_end()) {
            input_.pass_on([&](auto&&... elements) {
                Inputs::add(chunk, std::forward<decltype(elements)>(elements)...);
            });
        }
        if (chunk.empty()) {
            return std::nullopt;
        }
        const std::size_t inputs = chunk.size();
        return map_task{submit_(function_, std::move(chunk)), inputs};
    }

private:
    std::size_t size_;
    Submit submit_;
    Function function_;
    zipped_input<Ranges...> input_;
};

/// The task of a chunk: calls the function for each input and keeps each outcome apart.
template <typename T, typename Function, typename Input>
class chunk_call {
public:
    chunk_call(Function function, std::vector<Input> inputs)
        : function_(std::move(function)), inputs_(std::move(inputs))
    {}

    chunk_outcomes<T> operator()(std::stop_token token)
    {
        chunk_outcomes<T> outcomes;
        outcomes.reserve(inputs_.size());
        for (auto& input : inputs_) {
            try {
                std::apply(
                    [&](auto&... elements) { keep(outcomes, token, std::move(elements)...); },
                    input);
            } catch (...) {
                outcomes.emplace_back(std::in_place_index<1>, std::current_exception());
            }
        }
        return outcomes;
    }

private:
    template <typename... Elements>
    void keep(chunk_outcomes<T>& outcomes, const std::stop_token& token, Elements&&... elements)
    {
        const auto call = [&]() -> decltype(auto) {
            if constexpr (plain_call<Function, Elements...>) {
                static_cast<void>(token);
                return std::invoke(Function(function_), std::forward<Elements>(elements)...);
            } else {
                return std::invoke(Function(function_), token, std::forward<Elements>(elements)...);
            }
        };
        if constexpr (std::is_void_v<T>) {
            call();
            outcomes.emplace_back(std::in_place_index<0>);
        } else if constexpr (std::is_reference_v<T>) {
            outcomes.emplace_back(std::in_place_index<0>, std::addressof(call()));
        } else {
            outcomes.emplace_back(std::in_place_index<0>, call());
        }
    }

    Function function_;
    std::vector<Input> inputs_;
};

} // namespace detail

} // namespace cofutures
