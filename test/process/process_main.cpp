// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/process/init.hpp>

#include "host_program.hpp"
#include "shared_gates.hpp"

#include <gtest/gtest.h>

#include <cstring>

int main(int argc, char** argv)
{
    cofutures::test::map_shared_area();
    cofutures::process::init(argc, argv);
    if (argc == 2 && std::strcmp(argv[1], cofutures::test::host_argument) == 0) {
        return cofutures::test::run_host();
    }
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
