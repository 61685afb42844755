// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/codec.hpp>

struct point {
    int x = 0;
};
struct named_point : point {
    std::string name;
};
auto mistake = cofutures::encode(named_point());
