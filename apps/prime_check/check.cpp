// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "check.hpp"

#include <cofutures/process_pool_executor.hpp>
#include <cofutures/thread_pool_executor.hpp>

#include <chrono>

namespace prime_check {

namespace {

/// Numbers of ranges and files come in thousands and often take microseconds each.
constexpr std::size_t chunk_of_many = 256;

} // namespace

std::size_t workers_for(mode executor, const options& chosen)
{
    if (executor == mode::sequential) {
        return 1;
    }
    return chosen.workers != 0 ? chosen.workers : cofutures::usable_cpus();
}

double check_on(mode executor,
                const options& chosen,
                number_source& numbers,
                const std::function<void(const verdict&)>& pass_on)
{
    const std::size_t chunk_size =
        chosen.chunk_size != 0 ? chosen.chunk_size : (chosen.numbers.empty() ? chunk_of_many : 1);
    const std::size_t workers = workers_for(executor, chosen);
    const auto begin = std::chrono::steady_clock::now();
    const auto check = [&](auto&& pool) {
        check_all(pool, numbers, chosen.algorithm, chunk_size, pass_on);
    };
    switch (executor) {
    case mode::sequential:
        for (const std::uint64_t number : numbers) {
            pass_on(number_check{chosen.algorithm}(number));
        }
        break;
    case mode::threads:
        check(cofutures::thread_pool_executor({.max_workers = workers}));
        break;
    case mode::processes:
        check(cofutures::process_pool_executor({.max_workers = workers}));
        break;
    }
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

} // namespace prime_check
