// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "primality.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace prime_check {

namespace {

using test_function = bool (*)(std::uint64_t) noexcept;

class Primality : public testing::TestWithParam<test_function> {};

TEST_P(Primality, AgreesWithASieveUpToOneHundredThousand)
{
    constexpr std::size_t limit = 100'000;
    std::vector<bool> composite(limit, false);
    for (std::size_t n = 2; n * n < limit; ++n) {
        for (std::size_t multiple = n * n; !composite[n] && multiple < limit; multiple += n) {
            composite[multiple] = true;
        }
    }

    for (std::size_t n = 0; n != limit; ++n) {
        ASSERT_EQ(GetParam()(n), n >= 2 && !composite[n]) << n;
    }
}

TEST_P(Primality, KnowsTheNumbersOfThePythonDocumentation)
{
    for (const std::uint64_t prime :
         {112272535095293UL, 112582705942171UL, 115280095190773UL, 115797848077099UL}) {
        EXPECT_TRUE(GetParam()(prime)) << prime;
    }
    EXPECT_FALSE(GetParam()(1099726899285419U));
}

TEST_P(Primality, IsNotFooledByCarmichaelNumbers)
{
    for (const std::uint64_t carmichael :
         {561U, 1105U, 1729U, 2465U, 2821U, 6601U, 8911U, 825265U, 321197185U}) {
        EXPECT_FALSE(GetParam()(carmichael)) << carmichael;
    }
}

TEST_P(Primality, SeesSquaresOfPrimes)
{
    for (const std::uint64_t prime : {3U, 5U, 7U, 11U, 65521U, 10'000'019U}) {
        EXPECT_FALSE(GetParam()(prime * prime)) << prime;
    }
}

std::string name_of_algorithm(const testing::TestParamInfo<test_function>& tested)
{
    return tested.index == 0 ? "Trial" : "MillerRabin";
}

INSTANTIATE_TEST_SUITE_P(Algorithms,
                         Primality,
                         testing::Values(&is_prime_by_trial, &is_prime_by_miller_rabin),
                         name_of_algorithm);

TEST(MillerRabin, IsNotFooledByStrongPseudoprimes)
{
    // The smallest composite numbers that pass for the first 1, 2, … 9, 11 prime bases (OEIS A014233).
    constexpr std::array<std::uint64_t, 8> pseudoprimes{2047,
                                                        1373653,
                                                        25326001,
                                                        3215031751,
                                                        2152302898747,
                                                        3474749660383,
                                                        341550071728321,
                                                        3825123056546413051};
    for (const std::uint64_t pseudoprime : pseudoprimes) {
        EXPECT_FALSE(is_prime_by_miller_rabin(pseudoprime)) << pseudoprime;
    }
}

TEST(MillerRabin, IsExactAtTheUpperEnd)
{
    EXPECT_TRUE(
        is_prime_by_miller_rabin(18446744073709551557U)); // 2^64 - 59, the largest 64-bit prime
    EXPECT_FALSE(is_prime_by_miller_rabin(18446744073709551615U));
    EXPECT_FALSE(is_prime_by_miller_rabin(18446744065119617025U)); // (2^32 - 1)^2
    EXPECT_FALSE(is_prime_by_miller_rabin(
        18446743979220271189U)); // 4294967279^2, the largest square of a prime
}

TEST(MillerRabin, AgreesWithTrialDivisionOnLargerNumbers)
{
    for (std::uint64_t n = 1'000'000'000'000; n != 1'000'000'000'300; ++n) {
        ASSERT_EQ(is_prime_by_miller_rabin(n), is_prime_by_trial(n)) << n;
    }
}

} // namespace

} // namespace prime_check
