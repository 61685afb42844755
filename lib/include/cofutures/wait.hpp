// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Waiting for several futures at once. Floor 2; to handle them one by one, see as_completed.hpp.

#include <cofutures/detail/future_range.hpp>
#include <cofutures/timeout.hpp>

#include <initializer_list>
#include <ostream>
#include <vector>

namespace cofutures {

/// What ends a `wait`.
enum class return_when {
    /// One future is done, however it ended.
    first_completed,
    /// One future has failed; a cancelled one has not. If none fails: all are done.
    first_exception,
    /// All futures are done.
    all_completed,
};

/// How long a `wait` takes at most, and what it waits for.
struct wait_options {
    cofutures::timeout timeout = {};
    cofutures::return_when return_when = cofutures::return_when::all_completed;
};

/// The futures given to `wait`, each once, in input order within each part.
template <typename Future>
struct wait_result {
    std::vector<Future> done;
    std::vector<Future> not_done;

    /// Prints `done={…}, not_done={…}`.
    friend std::ostream& operator<<(std::ostream& out, const wait_result& result)
    {
        const auto print = [&out](const std::vector<Future>& futures) {
            const char* separator = "{";
            for (const auto& future : futures) {
                out << separator << future;
                separator = ", ";
            }
            out << (futures.empty() ? "{}" : "}");
        };
        out << "done=";
        print(result.done);
        out << ", not_done=";
        print(result.not_done);
        return out;
    }
};

namespace detail {

/// Blocks until the condition holds or the deadline has come.
void wait_for_states(const std::vector<shared_state*>& states,
                     return_when condition,
                     std::optional<std::chrono::steady_clock::time_point> deadline);

} // namespace detail

/// Waits for futures and returns which are done and which are not.
///
/// Takes any input range of futures, and maps keyed by futures; each element is read once and
/// duplicates count once. `any_future` mixes value types. `done` may hold more than what ended the
/// wait. An empty range gives two empty parts at once.
///
/// **Python** `concurrent.futures.wait()`; a cancelled future is done at once, also in a queue.
/// **Blocks** until the condition holds, for the timeout at most; never throws for the time.
/// **Throws** `invalid_state_error` for a future without a task.
/// **Complexity** One registration per future that is not done, taken back on return.
template <future_range Range>
wait_result<future_in_t<Range>> wait(Range&& futures, wait_options options = {})
{
    const auto deadline = options.timeout.deadline();
    auto distinct = detail::distinct_futures(futures);

    std::vector<detail::shared_state*> states;
    states.reserve(distinct.size());
    for (const auto& future : distinct) {
        states.push_back(detail::future_access::state(future));
    }
    detail::wait_for_states(states, options.return_when, deadline);

    wait_result<future_in_t<Range>> result;
    for (auto& future : distinct) {
        (future.done() ? result.done : result.not_done).push_back(std::move(future));
    }
    return result;
}

/// The same for `wait({a, b})` with futures of any types.
inline wait_result<any_future> wait(std::initializer_list<any_future> futures,
                                    wait_options options = {})
{
    return wait(std::vector<any_future>(futures), options);
}

} // namespace cofutures
