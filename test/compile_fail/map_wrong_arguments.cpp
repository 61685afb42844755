// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/thread_pool_executor.hpp>

#include <string>
#include <vector>

int length(const std::string& text);

void mistake(cofutures::thread_pool_executor& pool)
{
    pool.map(length, std::vector<int>{1, 2});
}
