// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "numbers.hpp"
#include "options.hpp"
#include "primality.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <unistd.h>

using namespace prime_check;

namespace {

constexpr algorithm algorithms[] = {algorithm::trial, algorithm::miller_rabin};

std::pair<std::optional<options>, early_exit> parse(std::vector<const char*> arguments)
{
    arguments.insert(arguments.begin(), "prime-check");
    return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

class number_file_of {
public:
    explicit number_file_of(const std::string& contents)
        : path_(std::filesystem::temp_directory_path() /
                ("prime_check_" + std::to_string(::getpid()) + ".txt"))
    {
        std::ofstream(path_) << contents;
    }
    ~number_file_of() { std::filesystem::remove(path_); }

    std::pair<std::vector<std::uint64_t>, std::string> read() const
    {
        number_file source(path_.string());
        std::vector<std::uint64_t> numbers;
        for (const auto number : source) {
            numbers.push_back(number);
        }
        return {numbers, source.error()};
    }
    std::string name() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

} // namespace

TEST(Primality, AgreesWithASieve)
{
    constexpr std::size_t limit = 50'000;
    std::vector<bool> composite(limit, false);
    composite[0] = composite[1] = true;
    for (std::size_t i = 2; i * i < limit; ++i) {
        for (std::size_t j = i * i; !composite[i] && j < limit; j += i) {
            composite[j] = true;
        }
    }
    for (const auto how : algorithms) {
        for (std::uint64_t n = 0; n != limit; ++n) {
            ASSERT_EQ(is_prime(n, how), !composite[n]) << n;
        }
    }
}

TEST(Primality, IsNotFooledByPseudoprimes)
{
    // Carmichael numbers, and strong pseudoprimes to the first 1, 2, 3, 4 … 9 prime bases.
    for (const std::uint64_t n : {561ULL,
                                  1105ULL,
                                  1729ULL,
                                  2465ULL,
                                  6601ULL,
                                  8911ULL,
                                  825265ULL,
                                  321197185ULL,
                                  2047ULL,
                                  1373653ULL,
                                  25326001ULL,
                                  3215031751ULL,
                                  2152302898747ULL,
                                  3474749660383ULL,
                                  341550071728321ULL,
                                  3825123056546413051ULL}) {
        EXPECT_FALSE(is_prime_by_miller_rabin(n)) << n;
    }
    for (const std::uint64_t n : {561ULL, 1729ULL, 3215031751ULL, 3825123056546413051ULL}) {
        EXPECT_FALSE(is_prime_by_trial(n)) << n;
    }
}

TEST(Primality, IsExactAtTheEdges)
{
    for (const auto how : algorithms) {
        EXPECT_FALSE(is_prime(0, how));
        EXPECT_FALSE(is_prime(1, how));
        EXPECT_TRUE(is_prime(2, how));
        EXPECT_TRUE(is_prime(3, how));
        EXPECT_FALSE(is_prime(4, how));
        EXPECT_FALSE(is_prime(1'000'003ULL * 1'000'003ULL, how));
        EXPECT_FALSE(is_prime(UINT64_MAX, how));
        EXPECT_TRUE(is_prime(112272535095293, how));
        EXPECT_FALSE(is_prime(1099726899285419, how));
    }
    EXPECT_TRUE(
        is_prime_by_miller_rabin(18446744073709551557ULL)); // 2^64 - 59, the largest below 2^64
    EXPECT_FALSE(is_prime_by_miller_rabin(4294967291ULL * 4294967291ULL));
    EXPECT_TRUE(is_prime_by_miller_rabin((1ULL << 61) - 1));
}

TEST(PrimeCheckNumbers, AreReadWithClearErrors)
{
    EXPECT_EQ(parse_number("18446744073709551615").number, UINT64_MAX);
    EXPECT_EQ(parse_number("  7 ").number, 7U);
    EXPECT_NE(parse_number("18446744073709551616").error.find("too large"), std::string::npos);
    EXPECT_NE(parse_number("-5").error.find("negative"), std::string::npos);
    for (const char* const wrong : {"", "x", "1.5", "1e3", "0x10", "+1", "1 2"}) {
        EXPECT_NE(parse_number(wrong).error.find("not a number"), std::string::npos) << wrong;
    }
}

TEST(PrimeCheckNumbers, OfAFileEndAtTheFirstWrongLine)
{
    const auto [numbers, error] = number_file_of("1\n\n 2 \nthree\n4\n").read();

    EXPECT_EQ(numbers, (std::vector<std::uint64_t>{1, 2}));
    EXPECT_NE(error.find("line 4"), std::string::npos) << error;
    EXPECT_NE(error.find("'three'"), std::string::npos) << error;
}

TEST(PrimeCheckNumbers, OfAnEmptyOrMissingFileAreAnError)
{
    EXPECT_NE(number_file_of("").read().second.find("empty"), std::string::npos);
    EXPECT_NE(number_file_of("\n \n").read().second.find("blank"), std::string::npos);
    EXPECT_NE(number_file("/does/not/exist").error().find("cannot be read"), std::string::npos);
    EXPECT_NE(number_file("/tmp").error().find("folder"), std::string::npos);
    EXPECT_EQ(number_file_of("5").read().second, "");
}

TEST(PrimeCheckNumbers, OfARangeIncludeBothEnds)
{
    number_range source(UINT64_MAX - 1, UINT64_MAX);
    EXPECT_EQ(source.count(), 2U);
    EXPECT_EQ(source.next(), UINT64_MAX - 1);
    EXPECT_EQ(source.next(), UINT64_MAX);
    EXPECT_EQ(source.next(), std::nullopt);
    EXPECT_EQ(source.fraction(), 1.0);
}

TEST(PrimeCheckOptions, DefaultToTheSixNumbersAndProcesses)
{
    const auto [chosen, exit] = parse({});
    ASSERT_TRUE(chosen) << exit.text;
    EXPECT_EQ(chosen->numbers.size(), 6U);
    EXPECT_EQ(chosen->executor, mode::processes);
    EXPECT_EQ(chosen->algorithm, algorithm::trial);
}

TEST(PrimeCheckOptions, MistakesExitWithTwoAndName)
{
    const std::vector<std::pair<std::vector<const char*>, const char*>> mistakes{
        {{"seven"}, "'seven'"},
        {{"18446744073709551616"}, "too large"},
        {{"--range", "5", "4"}, "A <= B"},
        {{"--range"}, "--range: expected A B, got nothing"},
        {{"--range", "5"}, "--range: expected 2 values, got 1"},
        {{"--range", "5", "6", "7"}, "--range: expected 2 values, got 3"},
        {{"--file"}, "--file: expected FILE, got nothing"},
        {{"--file", "a", "--file", "b"}, "--file: expected 1 value, got 2"},
        {{"--workers", "0"}, "--workers"},
        {{"--workers", "x"}, "--workers: expected a number from 1 to 10000, got 'x'"},
        {{"--chunk-size", "0"}, "--chunk-size"},
        {{"--executor", "magic"}, "expected one of sequential,threads,processes, got 'magic'"},
        {{"--executor"}, "--executor: expected {sequential,threads,processes}, got nothing"},
        {{"--algorithm", "guess"}, "expected one of trial,miller-rabin, got 'guess'"},
        {{"3", "--range", "1", "2"}, "exclude"},
        {{"--compare", "--file", "-"}, "--compare"},
        {{"--unknown"}, "--unknown"},
    };
    for (const auto& [arguments, named] : mistakes) {
        const auto [chosen, exit] = parse(arguments);
        SCOPED_TRACE(exit.text);
        EXPECT_FALSE(chosen);
        EXPECT_EQ(exit.status, 2);
        EXPECT_NE(exit.text.find(named), std::string::npos) << named;
    }
    EXPECT_EQ(parse({"--help"}).second.status, 0);
    EXPECT_EQ(parse({"--version"}).second.status, 0);
}
