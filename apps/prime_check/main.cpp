// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/process/init.hpp>

#include "common/standard_streams.hpp"
#include "options.hpp"
#include "run.hpp"

int main(int argc, char** argv)
{
    common::occupy_standard_streams(); // before anything opens a descriptor
    cofutures::process::init(argc, argv);
    const auto [chosen, exit] = prime_check::parse_command_line(argc, argv);
    if (!chosen) {
        return prime_check::leave(exit);
    }
    const prime_check::interrupt_watch watch;
    return prime_check::run(*chosen);
}
