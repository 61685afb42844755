// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "primality.hpp"

#include <array>
#include <bit>

namespace prime_check {

namespace {

__extension__ using uint128 = unsigned __int128;

std::uint64_t product_mod(std::uint64_t a, std::uint64_t b, std::uint64_t modulus) noexcept
{
    return static_cast<std::uint64_t>(uint128{a} * b % modulus);
}

std::uint64_t power_mod(std::uint64_t base, std::uint64_t exponent, std::uint64_t modulus) noexcept
{
    std::uint64_t result = 1;
    for (base %= modulus; exponent != 0; exponent >>= 1) {
        if ((exponent & 1) != 0) {
            result = product_mod(result, base, modulus);
        }
        base = product_mod(base, base, modulus);
    }
    return result;
}

/// Whether `base` proves the odd number n = d · 2^twos + 1 to be composite.
bool is_witness(std::uint64_t base, std::uint64_t n, std::uint64_t d, int twos) noexcept
{
    std::uint64_t x = power_mod(base, d, n);
    if (x == 1 || x == n - 1) {
        return false;
    }
    for (int i = 1; i < twos; ++i) {
        x = product_mod(x, x, n);
        if (x == n - 1) {
            return false;
        }
    }
    return true;
}

} // namespace

bool is_prime_by_trial(std::uint64_t n) noexcept
{
    if (n < 2) {
        return false;
    }
    if (n % 2 == 0) {
        return n == 2;
    }
    // Compared by quotient, since divisor * divisor overflows near 2^64.
    for (std::uint64_t divisor = 3; divisor <= n / divisor; divisor += 2) {
        if (n % divisor == 0) {
            return false;
        }
    }
    return true;
}

bool is_prime_by_miller_rabin(std::uint64_t n) noexcept
{
    constexpr std::array<std::uint64_t, 12> bases{2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37};
    if (n < 2) {
        return false;
    }
    for (const auto base : bases) {
        if (n % base == 0) {
            return n == base;
        }
    }
    const int twos = std::countr_zero(n - 1);
    const std::uint64_t d = (n - 1) >> twos;
    for (const auto base : bases) {
        if (is_witness(base, n, d, twos)) {
            return false;
        }
    }
    return true;
}

bool is_prime(std::uint64_t n, algorithm how) noexcept
{
    return how == algorithm::trial ? is_prime_by_trial(n) : is_prime_by_miller_rabin(n);
}

} // namespace prime_check
