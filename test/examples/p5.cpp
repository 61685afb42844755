// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// P5: the dictionary from future to input, given to as_completed as it is.

#include <cofutures/cofutures.hpp>

#include <iostream>
#include <map>
#include <string>
#include <unordered_map>

namespace cf = cofutures;

std::size_t page_size(const std::string& url)
{
    if (url == "missing") {
        throw std::runtime_error("there is no such page");
    }
    return url.size();
}

template <typename Map>
void report(cf::executor& pool)
{
    // [p5
    Map to_do;
    for (const std::string url : {"front", "sports", "missing"}) {
        to_do.emplace(pool.submit(page_size, url), url);
    }
    for (const auto& done : cf::as_completed(to_do)) {
        const std::string& url = to_do.at(done);
        try {
            const std::size_t size = done.result();
            std::cout << url << " has " << size << " bytes\n";
        } catch (const std::exception& error) {
            std::cout << url << ": " << error.what() << '\n';
        }
    }
    // p5]
}

int main()
{
    cf::thread_pool_executor pool(3);
    report<std::unordered_map<cf::future<std::size_t>, std::string>>(pool);
    std::cout << "and ordered:\n";
    report<std::map<cf::future<std::size_t>, std::string>>(pool);
}
