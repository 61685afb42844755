// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/process_pool_executor.hpp>

std::map<int, int, bool (*)(int, int)> sorted();
auto mistake(cofutures::process_pool_executor& pool)
{
    return pool.submit(sorted);
}
