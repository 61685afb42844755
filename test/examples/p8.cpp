// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// P8: four tasks on three workers, and a line of the main thread without and with shutdown() before it.

#include <cofutures/cofutures.hpp>

#include <iostream>
#include <latch>
#include <sstream>

namespace cf = cofutures;

void work(int number, std::latch& may_run)
{
    may_run.wait();
    std::ostringstream line;
    line << "task " << number << '\n';
    std::cout << line.str();
}

int main()
{
    {
        std::latch may_run(1);
        cf::thread_pool_executor pool(3);
        for (int number = 1; number <= 4; ++number) {
            pool.submit(work, number, std::ref(may_run));
        }
        std::cout << "main, which did not wait\n";
        may_run.count_down();
    } // the pool's destructor waits
    {
        std::latch may_run(0);
        // [p8
        cf::thread_pool_executor pool(3);
        for (int number = 1; number <= 4; ++number) {
            pool.submit(work, number, std::ref(may_run));
        }
        pool.shutdown();
        std::cout << "main, after shutdown()\n";
        // p8]
    }
}
