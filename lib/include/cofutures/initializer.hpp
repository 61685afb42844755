// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What each worker calls before its first task. Floor 3.

#include <cofutures/detail/task_state.hpp>

#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace cofutures {

/// A call that every worker makes once: `{.initializer = {connect, "db", 5432}}`.
///
/// Keeps decay-copies of callable and arguments and calls with lvalues of them, once per worker, maybe
/// from several workers at a time.
///
/// **Python** `initializer` and `initargs`.
/// **Throws** `std::invalid_argument` for a null callable.
class initializer {
public:
    /// Nothing to call.
    initializer() = default;

    template <typename Function, typename... Args>
        requires(!std::same_as<std::remove_cvref_t<Function>, initializer> &&
                 std::invocable<const std::decay_t<Function>&, const std::decay_t<Args>&...>)
    initializer(Function&& function, Args&&... args)
    {
        detail::require_plain_result<
            std::invoke_result_t<const std::decay_t<Function>&, const std::decay_t<Args>&...>>();
        detail::require_callable(function);
        call_ = [function = std::decay_t<Function>(std::forward<Function>(function)),
                 args = std::tuple<std::decay_t<Args>...>(std::forward<Args>(args)...)] {
            static_cast<void>(std::apply(function, args));
        };
    }

    /// Makes the call, if there is one; throws what it throws.
    void operator()() const
    {
        if (call_) {
            call_();
        }
    }

private:
    std::function<void()> call_;
};

} // namespace cofutures
