// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/promise.hpp>

#include <string>

bool mistake(const cofutures::promise<const std::string&>& promise, const char* text)
{
    return promise.try_set_result(text);
}
