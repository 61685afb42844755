// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What may be called later, by whoever takes a callable. Floor 0, internal.

#include <cofutures/detail/cplusplus.hpp>

#include <stdexcept>
#include <type_traits>

namespace cofutures::detail {

template <typename Function>
constexpr void
require_callable(const Function& function,
                 const char* message = "cofutures: a task needs a callable, got null")
{
    if constexpr (!std::is_function_v<Function> && requires { function == nullptr; }) {
        if (function == nullptr) {
            throw std::invalid_argument(message);
        }
    }
}

/// An awaitable of any coroutine library; a call that returned one has not run yet.
template <typename T>
concept awaitable_like = requires(T awaitable)
{
    awaitable.await_ready();
};

/// Refuses a coroutine where nobody would ever resume it. Only io_context_executor runs coroutines.
template <typename Result>
constexpr void require_plain_result()
{
    static_assert(
        !awaitable_like<Result>,
        "cofutures: this callable returns a coroutine, which only io_context_executor can run");
}

} // namespace cofutures::detail
