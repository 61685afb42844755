// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "twin_errors.hpp"

#include <cofutures/process/exceptions.hpp>

#include <string>

namespace {

struct twin_error {
    std::string text;
};

} // namespace

void cofutures::test::register_other_twin()
{
    process::register_exception<twin_error>();
}

int cofutures::test::throw_other_twin()
{
    throw twin_error{"the other one"};
}
