// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/inline_executor.hpp>
#include <cofutures/thread_pool_executor.hpp>

#include "check.hpp"
#include "numbers.hpp"
#include "options.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <unistd.h>

namespace prime_check {

namespace {

std::vector<std::uint64_t> all_of(number_source& numbers)
{
    std::vector<std::uint64_t> read;
    for (const auto number : numbers) {
        read.push_back(number);
    }
    return read;
}

class NumberFile : public testing::Test {
protected:
    std::string file_with(const std::string& text)
    {
        std::ofstream(path_) << text;
        return path_;
    }
    ~NumberFile() override { std::filesystem::remove(path_); }

    std::string path_ = testing::TempDir() + "numbers_" + std::to_string(::getpid());
};

TEST(ParseNumber, ReadsAll64BitValuesAndTrimsBlanks)
{
    EXPECT_EQ(parse_number("0").number, 0U);
    EXPECT_EQ(parse_number(" 18446744073709551615\r").number, 18446744073709551615U);
    EXPECT_EQ(parse_number("18446744073709551615").error, "");
}

TEST(ParseNumber, SaysWhatIsWrongAndWhatWasExpected)
{
    EXPECT_EQ(parse_number("18446744073709551616").error,
              "'18446744073709551616' is too large: the largest number is 18446744073709551615");
    EXPECT_EQ(parse_number("-7").error,
              "'-7' is negative: expected a number from 0 to 18446744073709551615");
    EXPECT_EQ(parse_number("7x").error, "'7x' is not a number: expected digits only");
    EXPECT_EQ(parse_number("").error, "'' is not a number: expected digits only");
    EXPECT_EQ(parse_number("1e3").error, "'1e3' is not a number: expected digits only");
    EXPECT_EQ(parse_number("\x1b[31m").error, "'?[31m' is not a number: expected digits only");
    EXPECT_LT(parse_number(std::string(1'000'000, '9')).error.size(), 200U);
}

TEST_F(NumberFile, YieldsOneNumberALineAndSkipsBlankLines)
{
    number_file numbers(file_with("7\n\n  8 \r\n9"));

    EXPECT_EQ(all_of(numbers), (std::vector<std::uint64_t>{7, 8, 9}));
    EXPECT_EQ(numbers.error(), "");
}

TEST_F(NumberFile, StopsAtTheFirstBadLineAndNamesIt)
{
    number_file numbers(file_with("7\n\nseven\n9\n"));

    EXPECT_EQ(all_of(numbers), std::vector<std::uint64_t>{7});
    EXPECT_EQ(numbers.error(), path_ + ", line 3: 'seven' is not a number: expected digits only");
}

TEST_F(NumberFile, SaysThatAnEmptyFileIsEmpty)
{
    number_file empty(file_with(""));
    number_file blank(file_with("\n \n"));

    EXPECT_TRUE(all_of(empty).empty());
    EXPECT_TRUE(all_of(blank).empty());
    EXPECT_EQ(blank.error(), path_ + ": expected one number a line, got only blank lines");
}

TEST(NumberFileThatCannotBeRead, SaysWhy)
{
    EXPECT_EQ(number_file("/does/not/exist").error(),
              "/does/not/exist: cannot be read: No such file or directory");
    EXPECT_EQ(number_file("/").error(), "/: expected a file with one number a line, got a folder");
}

TEST(NumberRange, IncludesBothEndsAndTheLargestNumber)
{
    number_range last_two(18446744073709551614U, 18446744073709551615U);

    EXPECT_EQ(last_two.count(), 2U);
    EXPECT_EQ(all_of(last_two),
              (std::vector<std::uint64_t>{18446744073709551614U, 18446744073709551615U}));
}

template <typename Executor>
std::vector<std::uint64_t> primes_found_by(Executor&& executor, std::size_t chunk_size)
{
    number_range numbers(0, 5000); // more than one window of tasks when a chunk is one number
    std::vector<std::uint64_t> primes;
    std::uint64_t next = 0;
    check_all(executor, numbers, algorithm::miller_rabin, chunk_size, [&](const verdict& answer) {
        EXPECT_EQ(answer.number, next++);
        if (answer.is_prime) {
            primes.push_back(answer.number);
        }
    });
    return primes;
}

TEST(CheckAll, GivesTheSameVerdictsInInputOrderOnEveryExecutorAndWithEveryChunk)
{
    const auto expected = primes_found_by(cofutures::inline_executor(), 1);

    EXPECT_EQ(expected.size(), 669U); // the number of primes up to 5000
    EXPECT_EQ(primes_found_by(cofutures::thread_pool_executor(3), 1), expected);
    EXPECT_EQ(primes_found_by(cofutures::thread_pool_executor(3), 7), expected);
}

class CommandLine : public testing::Test {
protected:
    static auto parse(std::vector<const char*> arguments)
    {
        arguments.insert(arguments.begin(), "prime-check");
        return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
    }
    static void expect_mistake(std::vector<const char*> arguments, const std::string& sentence)
    {
        const auto [chosen, exit] = parse(std::move(arguments));
        EXPECT_FALSE(chosen.has_value());
        EXPECT_EQ(exit.status, 2);
        EXPECT_NE(exit.text.find(sentence), std::string::npos) << exit.text;
    }
};

TEST_F(CommandLine, MeansTheSixNumbersOfTheDocumentationWhenEmpty)
{
    const auto chosen = parse({}).first;

    ASSERT_TRUE(chosen);
    EXPECT_EQ(chosen->numbers.size(), 6U);
    EXPECT_EQ(chosen->executor, mode::processes);
    EXPECT_EQ(chosen->algorithm, algorithm::trial);
}

TEST_F(CommandLine, TakesNumbersRangesAndFiles)
{
    EXPECT_EQ(parse({"7", "8"}).first->numbers, (std::vector<std::uint64_t>{7, 8}));
    EXPECT_EQ(parse({"--range", "3", "9"}).first->range,
              (std::pair<std::uint64_t, std::uint64_t>{3, 9}));
    EXPECT_EQ(parse({"--file", "-"}).first->file, "-");
    EXPECT_EQ(parse({"--executor", "threads"}).first->executor, mode::threads);
    EXPECT_EQ(parse({"--algorithm", "miller-rabin"}).first->algorithm, algorithm::miller_rabin);
}

TEST_F(CommandLine, RefusesMistakesWithASentence)
{
    expect_mistake({"seven"}, "'seven' is not a number");
    expect_mistake({"--", "-7"}, "'-7' is negative");
    expect_mistake({"99999999999999999999"}, "is too large");
    expect_mistake({"--range", "9", "3"}, "expected A <= B, got 9 and 3");
    expect_mistake({"--workers", "0"}, "--workers: expected a number from 1 to 10000, got 0");
    expect_mistake({"--chunk-size", "-1"}, "--chunk-size: expected a number from 1");
    expect_mistake({"--executor", "gpu"}, "gpu");
    expect_mistake({"--compare", "--file", "-"}, "give a file instead of standard input");
    expect_mistake({"7", "--file", "x"}, "exclude each other");
    expect_mistake({"--nonsense"}, "--nonsense");
}

TEST_F(CommandLine, ExplainsItself)
{
    const auto [chosen, exit] = parse({"--help"});

    EXPECT_FALSE(chosen);
    EXPECT_EQ(exit.status, 0);
    EXPECT_NE(exit.text.find("--compare"), std::string::npos);
}

} // namespace

} // namespace prime_check
