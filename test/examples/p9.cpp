// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// P9: wait, for all and for the first, with what it returns printed.

#include <cofutures/cofutures.hpp>

#include <iostream>
#include <latch>
#include <string>
#include <vector>

namespace cf = cofutures;

std::string quick()
{
    return "quick";
}

int slow(std::latch& may_end)
{
    may_end.wait();
    return 42;
}

int main()
{
    std::latch may_end(1);
    std::latch slow_runs(1);
    cf::thread_pool_executor pool(2);

    // [p9
    const std::vector<cf::any_future> futures = {
        pool.submit(quick),
        pool.submit([&] {
            slow_runs.count_down();
            return slow(may_end);
        }),
    };
    slow_runs.wait();
    std::cout << cf::wait(futures, {.return_when = cf::return_when::first_completed}) << '\n';
    may_end.count_down();
    std::cout << cf::wait(futures) << '\n';
    // p9]
}
