// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/process/init.hpp>

#include "birth_programs.hpp"
#include "host_program.hpp"
#include "shared_gates.hpp"
#include "whole_programs.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

int main(int argc, char** argv)
{
    cofutures::test::map_shared_area();
    const std::string argument = argc == 2 ? argv[1] : "";
    if (const int status = cofutures::test::run_program_without_init(argument); status >= 0) {
        return status;
    }
    if (const int status = cofutures::test::run_birth_program_without_init(argument); status >= 0) {
        return status;
    }
    cofutures::process::init(argc, argv);
    if (const int status = cofutures::test::run_program_with_init(argument); status >= 0) {
        return status;
    }
    if (const int status = cofutures::test::run_birth_program_with_init(argument); status >= 0) {
        return status;
    }
    if (argc == 2 && std::strcmp(argv[1], cofutures::test::host_argument) == 0) {
        return cofutures::test::run_host();
    }
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
