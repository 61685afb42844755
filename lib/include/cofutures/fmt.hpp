// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Printing futures with {fmt}: `fmt::print("{}", future)` gives what `operator<<` gives. Floor 1; the
/// only header that needs {fmt}.

#include <cofutures/future.hpp>

#include <fmt/format.h>

#include <concepts>

template <std::derived_from<cofutures::any_future> Future>
struct fmt::formatter<Future> : fmt::formatter<fmt::string_view> {
    template <typename Context>
    auto format(const Future& future, Context& context) const
    {
        return fmt::formatter<fmt::string_view>::format(cofutures::to_string(future), context);
    }
};
