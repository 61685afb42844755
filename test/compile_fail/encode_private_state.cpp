// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/codec.hpp>

class counter {
public:
    counter();
    int value() const;

private:
    int value_ = 0;
};

auto mistake = cofutures::encode(counter());
