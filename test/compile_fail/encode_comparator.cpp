// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/codec.hpp>

std::set<int, bool (*)(int, int)> numbers([](int a, int b) { return b < a; });
auto mistake = cofutures::encode(numbers);
