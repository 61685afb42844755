// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A line on the terminal that shows how far the work is.

#include "numbers.hpp"

#include <chrono>
#include <cstdint>

namespace prime_check {

/// Redraws one line on standard error; silent where that is no terminal, or where standard output is
/// one too and would mix with it.
class progress_bar {
public:
    explicit progress_bar(const number_source& numbers);

    /// Shows that `checked` numbers are done; at most ten times a second.
    void advance(std::uint64_t checked);

    /// Removes the line.
    void finish();

private:
    const number_source& numbers_;
    bool visible_;
    bool drawn_ = false;
    std::chrono::steady_clock::time_point next_draw_;
};

} // namespace prime_check
