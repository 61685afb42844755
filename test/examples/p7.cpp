// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// P7: map gives results in input order; over several inputs it ends with the shortest.

#include <cofutures/cofutures.hpp>

#include <iostream>
#include <string>
#include <vector>

namespace cf = cofutures;

int main()
{
    cf::thread_pool_executor pool(3);

    // [p7
    const auto square = [](int x) { return x * x; };
    for (int result : pool.map(square, std::vector{1, 2, 3})) {
        std::cout << result << '\n';
    }

    const auto repeat = [](std::size_t times, const std::string& word) {
        std::string text;
        while (times-- != 0) {
            text += word;
        }
        return text;
    };
    const std::vector<std::string> words = {"ab", "c", "d", "never reached"};
    for (const auto& text : pool.map(repeat, std::vector<std::size_t>{1, 2, 3}, words)) {
        std::cout << text << '\n';
    }
    // p7]
}
