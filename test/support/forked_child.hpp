// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Running a part of a test in a forked child.

#include "support/gate.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include <sys/wait.h>
#include <unistd.h>

namespace cofutures::test {

/// Runs `in_child` in a forked child, which exits with what it returns, and gives back that code. A child
/// that hangs ends by a signal, and the test fails.
template <typename Function>
int exit_code_of_child(Function in_child)
{
    const pid_t child = fork();
    if (child == 0) {
        alarm(static_cast<unsigned>(watchdog.count()));
        int code = 99;
        try {
            code = in_child();
        } catch (...) {
        }
        _exit(code);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace cofutures::test
