// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/process_pool_executor.hpp>

#include <vector>

void mistake(cofutures::process_pool_executor& pool, std::vector<const int*> numbers)
{
    pool.map([](const int* number) { return *number; }, numbers);
}
