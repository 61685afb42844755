// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Checking numbers on any executor.

#include <cofutures/executor.hpp>

#include "numbers.hpp"
#include "options.hpp"
#include "primality.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>

namespace prime_check {

/// One answer; plain data, so that it can come from another process.
struct verdict {
    std::uint64_t number = 0;
    bool is_prime = false;
};

/// The work, as a function object whose state can cross to another process.
struct number_check {
    algorithm how = algorithm::trial;

    verdict operator()(std::uint64_t number) const noexcept
    {
        return {number, is_prime(number, how)};
    }
};

/// How many numbers may be under way at once: enough for every worker, little memory.
constexpr std::size_t tasks_under_way = 1024;

/// Checks all numbers of a source and passes the verdicts on in input order.
///
/// Any executor will do, in this process or beside it. Memory does not grow with the count.
template <cofutures::executor_like Executor>
void check_all(Executor& executor,
               number_source& numbers,
               algorithm how,
               std::size_t chunk_size,
               const std::function<void(const verdict&)>& pass_on)
{
    const cofutures::map_options options{.chunk_size = chunk_size,
                                         .buffer_size = tasks_under_way * chunk_size};
    for (const verdict& answer : executor.map(options, number_check{how}, numbers)) {
        pass_on(answer);
    }
}

/// Checks what the options name on the executor they name, and returns the number of seconds it took,
/// the start of the workers included.
double check_on(mode executor,
                const options& chosen,
                number_source& numbers,
                const std::function<void(const verdict&)>& pass_on);

/// How many workers the executor gets.
std::size_t workers_for(mode executor, const options& chosen);

} // namespace prime_check
