// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// P3: submit and as_completed, with the futures printed. Five codes on three workers, then on five.

#include <cofutures/cofutures.hpp>

#include <iostream>
#include <latch>
#include <map>
#include <string>
#include <vector>

namespace cf = cofutures;

// Latches stand in for the network, so that who runs and who finishes first is certain.
struct transfer {
    std::latch begun{1};
    std::latch complete{1};
};
std::map<std::string, transfer> transfers;

std::string download_one(const std::string& cc)
{
    transfers.at(cc).begun.count_down();
    transfers.at(cc).complete.wait();
    std::cout << cc << ' ';
    return cc;
}

std::size_t download_many(const std::vector<std::string>& codes, std::size_t workers)
{
    transfers.clear();
    for (const auto& cc : codes) {
        transfers[cc];
    }
    std::vector<std::string> order = {"ID", "BR", "CN", "US", "IN"};

    // [p3
    cf::thread_pool_executor pool(workers);
    std::vector<cf::future<std::string>> to_do;
    for (const auto& cc : codes) {
        to_do.push_back(pool.submit(download_one, cc));
        if (to_do.size() <= workers) {
            transfers.at(cc).begun.wait();
        }
        std::cout << "Scheduled for " << cc << ": " << to_do.back() << '\n';
    }
    std::size_t count = 0;
    transfers.at(order[count]).complete.count_down();
    for (const auto& done : cf::as_completed(to_do)) {
        std::cout << done << " result: " << done.result() << '\n';
        if (++count < order.size()) {
            transfers.at(order[count]).complete.count_down();
        }
    }
    // p3]
    return count;
}

int main()
{
    const std::vector<std::string> codes = {"BR", "CN", "ID", "IN", "US"};
    for (const std::size_t workers : {3U, 5U}) {
        std::cout << download_many(codes, workers) << " flags downloaded with " << workers
                  << " workers\n";
    }
}
