// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "support/program.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

using cofutures::test::program;
using cofutures::test::run_redirected;

namespace {

const std::string verdicts = "112272535095293 is prime: True\n"
                             "112582705942171 is prime: True\n"
                             "112272535095293 is prime: True\n"
                             "115280095190773 is prime: True\n"
                             "115797848077099 is prime: True\n"
                             "1099726899285419 is prime: False\n";

} // namespace

TEST(PrimeCheckProgram, PrintsTheSixNumbersInInputOrderWithEveryExecutor)
{
    for (const std::string executor : {"sequential", "threads", "processes"}) {
        SCOPED_TRACE(executor);
        program check(PRIME_CHECK);
        const auto result = check.run({"--executor", executor, "--workers", "2"});
        EXPECT_EQ(result.status, 0) << result.err;
        EXPECT_EQ(result.err, "");
        EXPECT_EQ(result.out.substr(0, verdicts.size()), verdicts);
        EXPECT_TRUE(std::regex_match(
            result.out.substr(verdicts.size()),
            std::regex("6 numbers checked in [0-9.]+s \\(" + executor + ".*\\)\n")))
            << result.out;
    }
}

TEST(PrimeCheckProgram, ComparesTheThreeExecutors)
{
    program check(PRIME_CHECK);
    const auto result = check.run({"--compare", "--range", "1", "20"});
    EXPECT_EQ(result.status, 0) << result.err;
    for (const char* const line : {"executor +workers +time +speed-up",
                                   "sequential +1 +[0-9.]+s +1.00x",
                                   "threads +[0-9]+ +[0-9.]+s +[0-9.]+x",
                                   "processes +[0-9]+ +[0-9.]+s +[0-9.]+x"}) {
        EXPECT_TRUE(std::regex_search(result.out, std::regex(line))) << line << "\n" << result.out;
    }
    const auto verdict = result.out.find("20 is prime: False\n");
    EXPECT_NE(verdict, std::string::npos);
    EXPECT_EQ(result.out.find("1 is prime: ", verdict), std::string::npos) << "printed again";
}

TEST(PrimeCheckProgram, ReadsLongFilesInConstantMemory)
{
    program check(PRIME_CHECK);
    {
        std::ofstream file(check.folder() / "numbers.txt");
        for (int i = 0; i != 300'000; ++i) {
            file << i << '\n';
        }
    }
    for (const std::string executor : {"threads", "processes"}) {
        const auto result = check.run({"--file",
                                       "numbers.txt",
                                       "--algorithm",
                                       "miller-rabin",
                                       "--executor",
                                       executor,
                                       "--workers",
                                       "2"});
        EXPECT_EQ(result.status, 0) << result.err;
        EXPECT_NE(result.out.find("\n299993 is prime: True\n"), std::string::npos);
        EXPECT_NE(result.out.find("\n300000 numbers checked in "), std::string::npos);
    }
}

TEST(PrimeCheckProgram, PrintsJson)
{
    program check(PRIME_CHECK);
    const auto result = check.run({"--json", "7", "8"});
    EXPECT_EQ(result.status, 0);
    EXPECT_NE(
        result.out.find("{\"number\": 7, \"prime\": true},\n    {\"number\": 8, \"prime\": false}"),
        std::string::npos)
        << result.out;
}

TEST(PrimeCheckProgram, NamesWhatIsWrongAndWhere)
{
    program check(PRIME_CHECK);
    std::ofstream(check.folder() / "bad.txt") << "7\n8\nnine\n";

    const auto bad_line = check.run({"--file", "bad.txt"});
    EXPECT_EQ(bad_line.status, 1);
    EXPECT_NE(bad_line.err.find("line 3: 'nine' is not a number"), std::string::npos)
        << bad_line.err;
    EXPECT_EQ(bad_line.out.find("7 is prime: True\n8 is prime: False\n"), 0U) << bad_line.out;

    const auto usage = check.run({"-1"});
    EXPECT_EQ(usage.status, 2);
    EXPECT_NE(check.run({"--file", "missing.txt"}).status, 0);
}

TEST(PrimeCheckProgram, EndsOnCtrlCWithStatus130)
{
    program check(PRIME_CHECK);
    // Trial division of this prime takes minutes.
    check.start({"7",
                 "18446744073709551557",
                 "18446744073709551557",
                 "--workers",
                 "2",
                 "--chunk-size",
                 "1"});
    EXPECT_EQ(check.wait_for_line(), "7 is prime: True");

    check.signal(SIGINT);

    const auto result = check.wait();
    EXPECT_EQ(result.status, 130);
    EXPECT_NE(result.err.find("interrupted after 1 number"), std::string::npos) << result.err;
}

TEST(PrimeCheckProgram, FailsWhenItsOutputCannotBeWritten)
{
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{"7"}, {"--json", "7"}, {"--help"}, {"--version"}}) {
        SCOPED_TRACE(arguments.front());
        const auto full = run_redirected(PRIME_CHECK, arguments, ">/dev/full");
        EXPECT_EQ(full.status, 1);
        EXPECT_EQ(full.err, "prime-check: cannot write standard output: No space left on device\n");
        const auto closed = run_redirected(PRIME_CHECK, arguments, ">&-");
        EXPECT_EQ(closed.status, 1);
        EXPECT_EQ(closed.err, "prime-check: cannot write standard output: Bad file descriptor\n");
    }
}

TEST(PrimeCheckProgram, EndsInOrderWhenItsComplaintCannotBeWritten)
{
    for (const std::string redirections :
         {">/dev/full 2>/dev/full", ">&- 2>&-", "<&- >&- 2>&-", ">/dev/full 2>&-"}) {
        SCOPED_TRACE(redirections);
        EXPECT_EQ(run_redirected(PRIME_CHECK, {"7"}, redirections).status, 1);
        EXPECT_EQ(run_redirected(PRIME_CHECK, {"--json", "7"}, redirections).status, 1);
    }
    EXPECT_EQ(run_redirected(PRIME_CHECK, {"-1"}, "2>/dev/full").status, 2);
    EXPECT_EQ(run_redirected(PRIME_CHECK, {"-1"}, "2>&-").status, 2);
    EXPECT_EQ(run_redirected(PRIME_CHECK, {"--file", "missing.txt"}, "2>/dev/full").status, 1);
    // What needs no standard error goes well without one.
    EXPECT_EQ(run_redirected(PRIME_CHECK, {"7"}, "2>&-").status, 0);
}

TEST(PrimeCheckProgram, RefusesAClosedStandardInput)
{
    for (const std::string executor : {"sequential", "threads", "processes"}) {
        SCOPED_TRACE(executor);
        const auto closed =
            run_redirected(PRIME_CHECK, {"--file", "-", "--executor", executor}, "<&-");
        EXPECT_EQ(closed.status, 1);
        EXPECT_EQ(closed.err, "prime-check: standard input: cannot be read: Bad file descriptor\n");
    }
    const auto folder = run_redirected(PRIME_CHECK, {"--file", "-"}, "</");
    EXPECT_EQ(folder.status, 1);
    EXPECT_EQ(folder.err, "prime-check: standard input: cannot be read: Is a directory\n");
    EXPECT_EQ(run_redirected(PRIME_CHECK, {"7"}, "<&-").status, 0) << "it is not read";
}

TEST(PrimeCheckProgram, EndsOnCtrlCAlsoWhenNobodyCanBeTold)
{
    program check("/bin/sh");
    check.start({"-c",
                 "exec \"$0\" 7 18446744073709551557 --executor threads --chunk-size 1 2>/dev/full",
                 PRIME_CHECK});
    EXPECT_EQ(check.wait_for_line(), "7 is prime: True");

    check.signal(SIGINT);

    EXPECT_EQ(check.wait().status, 130);
}
