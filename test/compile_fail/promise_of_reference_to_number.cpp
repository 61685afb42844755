// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/promise.hpp>

void mistake(const cofutures::promise<int&>& promise)
{
    promise.set_result(5);
}
