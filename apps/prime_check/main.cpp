// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/process/init.hpp>

#include "options.hpp"
#include "run.hpp"

#include <cstdio>

int main(int argc, char** argv)
{
    cofutures::process::init(argc, argv);
    const auto [chosen, exit] = prime_check::parse_command_line(argc, argv);
    if (!chosen) {
        std::fputs(exit.text.c_str(), exit.status == 0 ? stdout : stderr);
        return exit.status;
    }
    const prime_check::interrupt_watch watch;
    return prime_check::run(*chosen);
}
