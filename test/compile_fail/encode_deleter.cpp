// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/codec.hpp>

std::unique_ptr<int, void (*)(int*)> number(nullptr, [](int*) {});
auto mistake = cofutures::encode(number);
