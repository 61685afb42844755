// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "http/cool_downs.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cofutures::http::detail {

namespace {

using namespace std::chrono_literals;

const cool_downs::time_point start{1h};

TEST(CoolDowns, AreOverForServersThatAskedForNone)
{
    cool_downs known;
    known.begin("http://a", start + 10s, start);

    EXPECT_EQ(known.end("http://a"), start + 10s);
    EXPECT_LE(known.end("http://b"), start);
}

TEST(CoolDowns, LastAsLongAsTheLongestWish)
{
    cool_downs known;
    known.begin("http://a", start + 10s, start);
    known.begin("http://a", start + 5s, start);
    EXPECT_EQ(known.end("http://a"), start + 10s);

    known.begin("http://a", start + 15s, start + 1s);
    EXPECT_EQ(known.end("http://a"), start + 15s);
}

TEST(CoolDowns, OfManyServersAreForgottenOnceTheyAreOver)
{
    cool_downs known;
    for (std::size_t i = 0; i < cool_downs::max_size; ++i) {
        known.begin("http://" + std::to_string(i), start + 10s, start);
    }
    known.begin("http://one-more", start + 20s, start);
    EXPECT_LE(known.end("http://one-more"), start);

    known.begin("http://later", start + 30s, start + 10s);
    EXPECT_EQ(known.end("http://later"), start + 30s);
    EXPECT_EQ(known.size(), 1u);
}

} // namespace

} // namespace cofutures::http::detail
