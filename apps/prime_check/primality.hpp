// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Two exact ways to tell whether a number is prime.

#include <cstdint>

namespace prime_check {

enum class algorithm {
    /// The textbook loop over odd divisors up to the square root: the CPU-bound load.
    trial,
    /// Miller–Rabin with bases for which it is exact below 2^64: microseconds for every number.
    miller_rabin,
};

/// Divides by 2 and by every odd number up to the square root; up to 2^31 divisions.
bool is_prime_by_trial(std::uint64_t n) noexcept;

/// Tests the twelve prime bases up to 37.
///
/// **See** J. Sorenson and J. Webster, "Strong pseudoprimes to twelve prime bases", Math. Comp. 86
///   (2017): no composite number below 3.18 · 10^23 passes all twelve.
bool is_prime_by_miller_rabin(std::uint64_t n) noexcept;

bool is_prime(std::uint64_t n, algorithm how) noexcept;

} // namespace prime_check
