// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/codec.hpp>

const char* text = "text";
auto mistake = cofutures::encode(text);
