// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/promise.hpp>

cofutures::future<const double&> mistake(const int& number)
{
    return cofutures::make_ready_future<const double&>(number);
}
