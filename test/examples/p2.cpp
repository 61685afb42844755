// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// P2: flags with a thread pool. A failed download would surface where its result is read.

#include <cofutures/cofutures.hpp>

#include "flags.hpp"

#include <algorithm>
#include <iostream>

using namespace example;

// [p2
std::string download_one(const std::string& cc)
{
    const std::string image = get_flag(cc);
    save_flag(image, file_name(cc));
    std::cout << cc + ' ' << std::flush;
    return cc;
}

std::size_t download_many(const std::vector<std::string>& codes)
{
    cf::thread_pool_executor pool(std::min<std::size_t>(20, codes.size()));
    std::size_t count = 0;
    for ([[maybe_unused]] const std::string& cc : pool.map(download_one, codes)) {
        ++count;
    }
    return count;
}
// p2]

int main()
{
    run(download_many);
}
