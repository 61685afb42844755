// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/thread_pool_executor.hpp>

#include "standard_descriptors.hpp"
#include "support/closed_standard_descriptors.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace cofutures {

namespace {

TEST(StandardDescriptors, WhatIsOpenedNextIsAboveThem)
{
    std::array<int, 2> opened{};
    {
        const test::closed_standard_descriptors closed;
        detail::occupy_standard_descriptors();
        opened[0] = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        ::close(STDOUT_FILENO); // a hole among placeholders
        detail::occupy_standard_descriptors();
        opened[1] = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    }

    for (const int each : opened) {
        EXPECT_GT(each, STDERR_FILENO);
        ::close(each);
    }
}

TEST(StandardDescriptors, StayUnusableWhereTheProgramHasClosedThem)
{
    bool all_fail = true;
    bool all_end_with_exec = true;
    {
        const test::closed_standard_descriptors closed;
        const thread_pool_executor pool(1);
        for (int each = STDIN_FILENO; each <= STDERR_FILENO; ++each) {
            char byte = 'x';
            all_fail = all_fail && ::read(each, &byte, 1) < 0 && errno == EBADF &&
                       ::write(each, &byte, 1) < 0 && errno == EBADF;
            all_end_with_exec = all_end_with_exec && (::fcntl(each, F_GETFD) & FD_CLOEXEC) != 0 &&
                                detail::is_missing_standard_descriptor(each);
        }
    }
    EXPECT_TRUE(all_fail);
    EXPECT_TRUE(all_end_with_exec);
}

TEST(StandardDescriptors, AreLeftAloneWhereTheyAreOpen)
{
    const int before = ::fcntl(STDOUT_FILENO, F_GETFL);
    detail::occupy_standard_descriptors();

    EXPECT_EQ(::fcntl(STDOUT_FILENO, F_GETFL), before);
    EXPECT_FALSE(detail::is_missing_standard_descriptor(STDOUT_FILENO));
}

} // namespace

} // namespace cofutures
