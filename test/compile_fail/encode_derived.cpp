// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/codec.hpp>

struct account {
    long balance = 0;
    template <typename Archive>
    void serialize(Archive& archive)
    {
        archive(balance);
    }
};
struct savings : account {
    double interest = 0;
};
auto mistake = cofutures::encode(savings());
