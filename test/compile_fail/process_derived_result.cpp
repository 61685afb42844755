// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/process_pool_executor.hpp>

struct account {
    long balance = 0;
    template <typename Archive>
    void serialize(Archive& archive, unsigned)
    {
        archive(balance);
    }
};
struct savings : account {
    double interest = 0;
};
savings open();
auto mistake(cofutures::process_pool_executor& pool)
{
    return pool.submit(open);
}
