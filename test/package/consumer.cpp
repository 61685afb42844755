// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// A program of somebody else: all it knows of us is the package.

#include <cofutures/cofutures.hpp>

#include <cstdio>

int main()
{
    namespace cf = cofutures;
    cf::thread_pool_executor pool({.max_workers = 2});
    cf::future<int> answer = pool.submit([](int a, int b) { return a * b; }, 6, 7);
    std::printf("%d\n", answer.result());
    return answer.result() == 42 ? 0 : 1;
}
