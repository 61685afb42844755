// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/codec.hpp>

#include <functional>

using hash = std::function<std::size_t(int)>;
std::vector<std::unordered_map<int, int, hash>> maps;
auto mistake = cofutures::encode(maps);
