// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "http/rate_limits.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

// Rates, in a time that the tests make up.

namespace cofutures::http::detail {

namespace {

using namespace std::chrono_literals;
using time_point = rate_limits::clock::time_point;

constexpr time_point start{1h};

// When `readers` of one origin each, reading all there is whenever they may, have read `bytes` each.
time_point end_of(rate_limits& limits, const std::vector<std::string>& readers, std::size_t bytes)
{
    std::vector<std::size_t> left(readers.size(), bytes);
    std::size_t done = 0;
    time_point now = start;
    while (done != readers.size()) {
        time_point next = time_point::max();
        for (std::size_t i = 0; i != readers.size(); ++i) {
            if (left[i] != 0 && limits.ready(readers[i]) <= now) {
                const std::size_t size = std::min(left[i], limits.piece());
                limits.charge(readers[i], size, now);
                left[i] -= size;
                done += left[i] == 0 ? 1 : 0;
            }
            if (left[i] != 0) {
                next = std::min(next, limits.ready(readers[i]));
            }
        }
        if (done != readers.size()) {
            now = std::max(now, next);
        }
    }
    return now;
}

TEST(HttpRateLimits, HoldForOneReader)
{
    rate_limits limits(100'000, 0);
    const auto took = end_of(limits, {"a"}, 1'000'000) - start;
    EXPECT_GE(took, 9800ms);
    EXPECT_LE(took, 10s);
}

TEST(HttpRateLimits, AreSharedByAllHosts)
{
    rate_limits limits(100'000, 0);
    const auto took = end_of(limits, {"a", "b", "b", "c"}, 250'000) - start;
    EXPECT_GE(took, 9700ms);
    EXPECT_LE(took, 10s);
}

TEST(HttpRateLimits, HoldForEachHostByItself)
{
    rate_limits limits(0, 100'000);
    const auto took = end_of(limits, {"a", "b", "b"}, 500'000) - start;
    EXPECT_GE(took, 9800ms) << "two readers of b";
    EXPECT_LE(took, 10s);

    rate_limits both(100'000, 80'000);
    const auto slower = end_of(both, {"a", "b"}, 500'000) - start;
    EXPECT_GE(slower, 9800ms) << "the sum of 160,000 is over the limit of all";
    EXPECT_LE(slower, 12'500ms) << "whoever is left alone has 80,000";
}

TEST(HttpRateLimits, DoNotSaveUpIdleTime)
{
    rate_limiter limiter(1000);
    limiter.charge(100, start);
    EXPECT_EQ(limiter.ready(), start) << "a tenth of a second is in the bucket";
    limiter.charge(1000, start + 1h);
    EXPECT_EQ(limiter.ready(), start + 1h + 900ms);
    EXPECT_FALSE(limiter.is_full(start + 1h + 900ms));
    EXPECT_TRUE(limiter.is_full(start + 1h + 1s));
}

TEST(HttpRateLimits, MayBeAbsent)
{
    rate_limits none(0, 0);
    none.charge("a", 1'000'000'000, start);
    EXPECT_LE(none.ready("a"), start);
    EXPECT_EQ(none.piece(), 65536u);
}

TEST(HttpRateLimits, ReadInPiecesThatFitTheRate)
{
    EXPECT_EQ(rate_limits(100'000, 0).piece(), 5000u);
    EXPECT_EQ(rate_limits(1'000'000'000, 40'000).piece(), 2000u);
    EXPECT_EQ(rate_limits(1, 0).piece(), 1024u);
}

} // namespace

} // namespace cofutures::http::detail
