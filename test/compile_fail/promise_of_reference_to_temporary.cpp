// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/promise.hpp>

#include <string>

void mistake(const cofutures::promise<const std::string&>& promise)
{
    promise.set_result(std::string("gone at the semicolon"));
}
