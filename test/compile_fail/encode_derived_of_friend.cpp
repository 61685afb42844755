// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/codec.hpp>

class account {
    template <typename Archive>
    friend void serialize(Archive& archive, account& value)
    {
        archive(value.balance_);
    }
    long balance_ = 0;
};
struct savings : account {
    double interest = 0;
};
auto mistake = cofutures::encode(savings());
