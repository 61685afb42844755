// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// P13: the six primes of the Python documentation, by a process pool's map.

#include <cofutures/process_pool_executor.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <vector>

namespace cf = cofutures;

// [p13
const std::vector<std::int64_t> primes = {112272535095293,
                                          112582705942171,
                                          112272535095293,
                                          115280095190773,
                                          115797848077099,
                                          1099726899285419};

bool is_prime(std::int64_t n)
{
    if (n < 2) {
        return false;
    }
    if (n % 2 == 0) {
        return n == 2;
    }
    for (std::int64_t i = 3; i <= n / i; i += 2) {
        if (n % i == 0) {
            return false;
        }
    }
    return true;
}

int main(int argc, char** argv)
{
    cf::process::init(argc, argv);
    const auto begin = std::chrono::steady_clock::now();
    cf::process_pool_executor pool;
    auto number = primes.begin();
    for (const bool prime : pool.map(is_prime, primes)) {
        std::printf(
            "%jd is prime: %s\n", static_cast<std::intmax_t>(*number++), prime ? "True" : "False");
    }
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
    std::printf("6 numbers in %.3fs\n", time.count());
}
// p13]
