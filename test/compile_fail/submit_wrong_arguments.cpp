// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/thread_pool_executor.hpp>

#include <string>

int length(const std::string& text);

void mistake(cofutures::thread_pool_executor& pool)
{
    pool.submit(length, 1, 2);
}
