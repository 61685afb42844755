// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/process/init.hpp>

#include "host_program.hpp"
#include "shared_gates.hpp"
#include "whole_programs.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#if defined(__SANITIZE_THREAD__)
/// An exception is deleted by whichever thread is the last to let go of it, here or in the pool. The count
/// of its owners is atomic, but it is kept in libstdc++.so, where ThreadSanitizer does not see it.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions()
{
    return "race:std::__exception_ptr::exception_ptr::_M_release\n";
}
#endif

int main(int argc, char** argv)
{
    cofutures::test::map_shared_area();
    const std::string argument = argc == 2 ? argv[1] : "";
    if (const int status = cofutures::test::run_program_without_init(argument); status >= 0) {
        return status;
    }
    cofutures::process::init(argc, argv);
    if (const int status = cofutures::test::run_program_with_init(argument); status >= 0) {
        return status;
    }
    if (argc == 2 && std::strcmp(argv[1], cofutures::test::host_argument) == 0) {
        return cofutures::test::run_host();
    }
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
