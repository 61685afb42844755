// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "http/split_pace.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

// The pace at which connections are added, in a time that the tests make up.

namespace cofutures::http::detail {

namespace {

using namespace std::chrono_literals;

constexpr split_pace::clock::time_point start{1h};
constexpr std::uint64_t megabyte = 1'000'000;

// How many connections there are at the end of a file, where each alone comes at `each` bytes a second
// and all together at `all` at most.
std::size_t connections_for(std::uint64_t size, double each, double all, std::size_t most = 8)
{
    split_pace pace(most, 500ms, start);
    double left = static_cast<double>(size);
    std::size_t running = 1;
    for (auto now = start + 10ms; left > 0; now += 10ms) {
        const double speed = std::min(each * static_cast<double>(running), all);
        const double bytes = std::min(left, speed / 100);
        left -= bytes;
        pace.add(static_cast<std::size_t>(bytes));
        running = pace.allowed(static_cast<std::uint64_t>(left), running, now);
    }
    return running;
}

TEST(HttpSplitPace, StaysAtOneConnectionForWhatIsSoonThere)
{
    EXPECT_EQ(connections_for(100 * megabyte, 100e6, 1e9), 1u) << "half is there after a step";
    EXPECT_EQ(connections_for(100 * megabyte, 300e6, 1e9), 1u);
}

TEST(HttpSplitPace, DoublesAsLongAsThatHelps)
{
    EXPECT_EQ(connections_for(1000 * megabyte, 10e6, 1e9), 8u);
    EXPECT_EQ(connections_for(1000 * megabyte, 10e6, 1e9, 3), 3u);
    EXPECT_EQ(connections_for(1000 * megabyte, 10e6, 20e6), 2u) << "four are no faster than two";
    EXPECT_EQ(connections_for(1000 * megabyte, 10e6, 10e6), 1u);
}

TEST(HttpSplitPace, NeverDoublesWithAStepOfTheGreatestLength)
{
    split_pace pace(4, std::chrono::milliseconds::max(), start);
    pace.add(10 * megabyte);
    EXPECT_EQ(pace.allowed(1000 * megabyte, 1, start + 48h), 1u);
}

TEST(HttpSplitPace, MeasuresNothingWhileFewerRunThanMay)
{
    split_pace pace(4, 500ms, start);
    pace.add(10 * megabyte);
    ASSERT_EQ(pace.allowed(1000 * megabyte, 1, start + 500ms), 2u);
    for (int i = 2; i < 100; ++i) {
        pace.add(10 * megabyte);
        ASSERT_EQ(pace.allowed(1000 * megabyte, 1, start + i * 500ms), 2u) << "no turn was free";
    }
    pace.add(20 * megabyte);
    EXPECT_EQ(pace.allowed(1000 * megabyte, 2, start + 100 * 500ms), 4u);
}

TEST(HttpSplitPace, AllowsAllAtOnceWithoutAStep)
{
    split_pace pace(5, 0ms, start);
    EXPECT_EQ(pace.allowed(1, 1, start), 5u);
    EXPECT_EQ(split_pace(0, 0ms, start).allowed(1, 1, start), 1u);
}

} // namespace

} // namespace cofutures::http::detail
