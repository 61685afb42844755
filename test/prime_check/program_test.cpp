// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

// prime-check as a person runs it.

#include "support/program.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <regex>
#include <string>

namespace {

using cofutures::test::program;

const std::string documented = "112272535095293 is prime: True\n"
                               "112582705942171 is prime: True\n"
                               "112272535095293 is prime: True\n"
                               "115280095190773 is prime: True\n"
                               "115797848077099 is prime: True\n"
                               "1099726899285419 is prime: False\n";

class PrimeCheck : public testing::TestWithParam<std::string> {
protected:
    program check_{PRIME_CHECK};
};

TEST_P(PrimeCheck, PrintsTheDocumentedNumbersInOrderThenTheTime)
{
    const auto result = check_.run({"--executor", GetParam()});

    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.err, "");
    ASSERT_EQ(result.out.substr(0, documented.size()), documented);
    EXPECT_TRUE(std::regex_match(
        result.out.substr(documented.size()),
        std::regex("6 numbers checked in [0-9.]+s \\(" + GetParam() + "(, [0-9]+ workers?)?\\)\n")))
        << result.out;
}

TEST_P(PrimeCheck, ReadsThousandsOfNumbersFromAFile)
{
    std::ofstream file(check_.folder() / "numbers");
    for (int n = 0; n != 20'000; ++n) {
        file << n << '\n';
    }
    file.close();

    const auto result = check_.run({"--file", "numbers", "--executor", GetParam()});

    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 20'001);
    EXPECT_NE(result.out.find("\n19997 is prime: True\n"), std::string::npos);
}

std::string name_of_executor(const testing::TestParamInfo<std::string>& tested)
{
    return tested.param;
}

INSTANTIATE_TEST_SUITE_P(Executors,
                         PrimeCheck,
                         testing::Values("sequential", "threads", "processes"),
                         name_of_executor);

class PrimeCheckProgram : public testing::Test {
protected:
    program check_{PRIME_CHECK};
};

TEST_F(PrimeCheckProgram, ComparesThreeExecutorsSideBySide)
{
    const auto result = check_.run({"--compare", "7", "8"});

    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out.substr(0, 34), "7 is prime: True\n8 is prime: False");
    for (const char* const executor : {"sequential", "threads", "processes"}) {
        EXPECT_TRUE(std::regex_search(
            result.out,
            std::regex(std::string("\n").append(executor).append(" +[0-9]+ +[0-9.]+s +[0-9.]+x"))))
            << result.out;
    }
}

TEST_F(PrimeCheckProgram, PrintsOneJsonDocumentOnRequest)
{
    const auto result = check_.run({"--json", "--executor", "sequential", "4", "5"});

    EXPECT_EQ(result.status, 0);
    EXPECT_TRUE(std::regex_match(result.out,
                                 std::regex(R"(\{\s*"numbers": \[\s*)"
                                            R"(\{"number": 4, "prime": false\},\s*)"
                                            R"(\{"number": 5, "prime": true\}\s*\],\s*)"
                                            R"("executor": "sequential",\s*"workers": 1,\s*)"
                                            R"("seconds": [0-9.]+\s*\}\s*)")))
        << result.out;
}

TEST_F(PrimeCheckProgram, ChecksWhatCameBeforeABadLineAndThenFails)
{
    std::ofstream(check_.folder() / "numbers") << "7\n8\nnine\n10\n";

    const auto result = check_.run({"--file", "numbers"});

    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.out.substr(0, 35), "7 is prime: True\n8 is prime: False\n");
    EXPECT_EQ(result.err,
              "prime-check: numbers, line 3: 'nine' is not a number: expected digits only\n");
}

TEST_F(PrimeCheckProgram, RefusesNonsenseWithStatusTwo)
{
    const auto result = check_.run({"forty-two"});

    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_NE(result.err.find("'forty-two' is not a number: expected digits only"),
              std::string::npos);
}

TEST_F(PrimeCheckProgram, EndsOnInterruptWithWhatItKnows)
{
    // The second number takes seconds by trial division.
    check_.start({"--executor", "sequential", "7", "18446744073709551557"});
    EXPECT_EQ(check_.wait_for_line(), "7 is prime: True");

    check_.signal(SIGINT);
    const auto result = check_.wait();

    EXPECT_EQ(result.status, 130);
    EXPECT_EQ(result.err, "\nprime-check: interrupted after 1 number\n");
}

TEST_F(PrimeCheckProgram, FailsWhenItsOutputCannotBeWritten)
{
    program shell("/bin/sh");

    const auto result = shell.run({"-c", std::string(PRIME_CHECK) + " 7 > /dev/full"});

    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err.find("standard output cannot be written"), std::string::npos)
        << result.err;
}

} // namespace
