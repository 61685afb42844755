// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/codec.hpp>

#include <memory_resource>

std::pmr::string text;
auto mistake = cofutures::encode(text);
