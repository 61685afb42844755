// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "http/http_date.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace cofutures::http::detail {

namespace {

using namespace std::chrono;

constexpr sys_seconds example = sys_days(1994y / November / 6) + 8h + 49min + 37s;
constexpr sys_seconds now = sys_days(2026y / July / 1);

TEST(HttpDate, IsReadInAllThreeForms)
{
    EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), example);
    EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", now), example);
    EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994"), example);
    EXPECT_EQ(parse_http_date("Wed Nov 16 08:49:37 1994"), example + days(10));
}

TEST(HttpDate, TakesTwoDigitsForTheNearestYear)
{
    EXPECT_EQ(parse_http_date("Sunday, 01-Jan-76 00:00:00 GMT", now), sys_days(2076y / 1 / 1));
    EXPECT_EQ(parse_http_date("Sunday, 01-Jan-77 00:00:00 GMT", now), sys_days(1977y / 1 / 1));
}

TEST(HttpDate, IsNothingWhereItIsMalformed)
{
    for (const char* text : {"",
                             "0",
                             "now",
                             ",",
                             "Sun, 06 Nov 1994 08:49:37",
                             "Sun, 06 Nov 1994 08:49:37 CET",
                             "Sun, 6 Nov 1994 08:49:37 GMT",
                             "Sun, 06 Nov 1994 24:00:00 GMT",
                             "Sun, 06 Nov 1994 08:60:00 GMT",
                             "Sun, 31 Feb 1994 08:49:37 GMT",
                             "Sun, 00 Nov 1994 08:49:37 GMT",
                             "Sun, -6 Nov 1994 08:49:37 GMT",
                             "Sun, 06 nov 1994 08:49:37 GMT",
                             "Sun, 06 Nov 1994 08:49:37 GMT ",
                             "Sun Nov  6 08:49:37 94",
                             "Sun Nov"}) {
        EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
    }
}

TEST(HttpDate, IsWrittenInTheFormThatIsToBeSent)
{
    EXPECT_EQ(format_http_date(example), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(format_http_date(sys_seconds(0s)), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_EQ(parse_http_date(format_http_date(now)), now);
}

} // namespace

} // namespace cofutures::http::detail
