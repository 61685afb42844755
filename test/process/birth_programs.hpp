// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// This test program as programs that change themselves between process::init and their pools, or come
/// late with init; process_birth_test.cpp starts them and looks at what they print.

#include <string>

namespace cofutures::test {

/// As run_program_without_init and run_program_with_init.
int run_birth_program_without_init(const std::string& argument);
int run_birth_program_with_init(const std::string& argument);

} // namespace cofutures::test
