// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/process/exceptions.hpp>

struct bad_row : std::runtime_error {
    using std::runtime_error::runtime_error;
    int row = 0;
};
void mistake()
{
    cofutures::process::register_exception<bad_row>();
}
