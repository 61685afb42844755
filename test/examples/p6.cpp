// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// P6: ten tasks on a pool of the default size, each saying where it runs.

#include <cofutures/cofutures.hpp>

#include <iostream>
#include <sstream>

namespace cf = cofutures;

void work(int number)
{
    std::ostringstream line; // printed at once, so that lines of other workers do not mix in
    line << "task " << number << " runs on " << cf::this_worker::name() << '\n';
    std::cout << line.str();
}

int main()
{
    // [p6
    cf::thread_pool_executor pool({.thread_name_prefix = "test_pool"});
    for (int number = 0; number != 10; ++number) {
        pool.submit(work, number);
    }
    pool.shutdown();
    // p6]
    std::cout << "all done\n";
}
