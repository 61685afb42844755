// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// P4: one code is wrong. First nobody handles its error, then the loop does and goes on.

#include <cofutures/cofutures.hpp>

#include "flags.hpp"

#include <iostream>
#include <unordered_map>

using namespace example;

std::string download_one(const std::string& cc)
{
    save_flag(get_flag(cc), file_name(cc));
    return cc;
}

std::size_t without_handling(const std::vector<std::string>& codes)
{
    cf::thread_pool_executor pool(5);
    std::vector<cf::future<std::string>> to_do;
    for (const auto& cc : codes) {
        to_do.push_back(pool.submit(download_one, cc));
    }
    std::size_t count = 0;
    for (const auto& done : cf::as_completed(to_do)) {
        done.result();
        ++count;
    }
    return count;
}

// [p4
std::size_t with_handling(const std::vector<std::string>& codes)
{
    cf::thread_pool_executor pool(5);
    std::unordered_map<cf::future<std::string>, std::string> to_do;
    for (const auto& cc : codes) {
        to_do.emplace(pool.submit(download_one, cc), cc);
    }
    std::size_t count = 0;
    for (const auto& done : cf::as_completed(to_do)) {
        try {
            done.result();
            ++count;
        } catch (const std::exception& error) {
            std::cout << "*** Error for " << to_do.at(done) << ": " << error.what() << '\n';
        }
    }
    return count;
}
// p4]

int main()
{
    const std::vector<std::string> codes = {"BR", "CN1", "ID", "IN", "US"};
    try {
        without_handling(codes);
    } catch (const std::exception& error) {
        std::cout << "the loop ended: " << error.what() << '\n';
    }
    std::cout << with_handling(codes) << " flags downloaded\n";
}
