// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Futures in the order in which they finish. Floor 2; to add futures while iterating, see
/// completion_queue.hpp.

#include <cofutures/completion_queue.hpp>
#include <cofutures/detail/future_range.hpp>
#include <cofutures/promise.hpp>
#include <cofutures/timeout.hpp>

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace cofutures {

/// How long the whole iteration may take.
struct as_completed_options {
    cofutures::timeout timeout = {};
};

/// The input range that `as_completed` returns; move-only, iterated once.
///
/// **Blocks** `begin()` and `++` wait for the next future to be done.
/// **Throws** from those two: `timeout_error` with the numbers of unfinished and all futures, when the
///   time is over and none is ready; those that are done come first.
/// **Lifetime** Owns handles to the futures not yet yielded. Leaving the loop early leaves them alone.
template <typename Future>
class as_completed_range {
public:
    class iterator {
    public:
        using value_type = Future;
        using difference_type = std::ptrdiff_t;
        using iterator_concept = std::input_iterator_tag;

        iterator() = default;

        /// The done future; moved out, so that the range keeps no handle to it.
        Future operator*() const { return std::move(*range_->current_); }

        iterator& operator++()
        {
            range_->advance();
            return *this;
        }
        void operator++(int) { ++*this; }

        friend bool operator==(const iterator& at, std::default_sentinel_t) noexcept
        {
            return at.is_end();
        }

    private:
        bool is_end() const noexcept { return !range_->current_.has_value(); }

        friend class as_completed_range;
        explicit iterator(as_completed_range& range) noexcept : range_(&range) {}

        as_completed_range* range_ = nullptr;
    };

    as_completed_range(std::vector<Future> futures,
                       std::optional<timeout::clock::time_point> deadline)
        : deadline_(deadline), total_(futures.size())
    {
        for (auto& future : futures) {
            queue_.add(std::move(future));
        }
    }

    iterator begin()
    {
        if (!begun_) {
            begun_ = true;
            advance();
        }
        return iterator(*this);
    }
    std::default_sentinel_t end() const noexcept { return std::default_sentinel; }

    /// The asynchronous form: the next future, or an empty optional after the last one.
    ///
    /// `while (auto done = co_await completed.async_next()) …`. Knows no timeout: cancel the result or
    /// let the coroutine's own time limit do so; what it would have given comes with a later call. Not to
    /// be mixed with iteration.
    future<std::optional<Future>> async_next()
    {
        if (queue_.unclaimed() == 0) {
            return make_ready_future<std::optional<Future>>(std::nullopt);
        }
        return detail::pop_as_future<Future, std::optional<Future>>(queue_);
    }

private:
    void advance()
    {
        current_.reset();
        if (yielded_ == total_) {
            return;
        }
        const any_future next = queue_.pop(deadline_);
        if (!next.valid()) {
            throw timeout_error(total_ - yielded_, total_);
        }
        ++yielded_;
        current_ = detail::future_access::share<Future>(*detail::future_access::state(next));
    }

    detail::completion_core queue_;
    std::optional<timeout::clock::time_point> deadline_;
    std::size_t total_;
    std::size_t yielded_ = 0;
    bool begun_ = false;
    std::optional<Future> current_;
};

/// Yields each distinct future once, as it becomes done.
///
/// Takes any input range of futures, and maps keyed by futures; futures that are already done come
/// first, in input order. The futures are read, and the clock starts, in this call.
///
/// **Python** `concurrent.futures.as_completed()`; there nothing happens before the first `next()`, and
///   futures cancelled in a queue hang the loop.
/// **Blocks** not; iterating does.
/// **Throws** `invalid_state_error` for a future without a task.
template <future_range Range>
as_completed_range<future_in_t<Range>> as_completed(Range&& futures,
                                                    as_completed_options options = {})
{
    return {detail::distinct_futures(futures), options.timeout.deadline()};
}

/// The same for `as_completed({a, b})` with futures of any types.
inline as_completed_range<any_future> as_completed(std::initializer_list<any_future> futures,
                                                   as_completed_options options = {})
{
    return as_completed(std::vector<any_future>(futures), options);
}

} // namespace cofutures
