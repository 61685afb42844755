// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// Time limits, from "poll" to "for ever"; the error types.

#include <cofutures/error.hpp>
#include <cofutures/timeout.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <stdexcept>
#include <type_traits>

namespace cf = cofutures;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

namespace {

/// The deadline must lie within `by` of now, seen from before and after.
void expect_from_now(cf::timeout limit, steady::duration by)
{
    const auto before = steady::now();
    const auto deadline = limit.deadline();
    const auto after = steady::now();

    ASSERT_TRUE(deadline.has_value());
    EXPECT_GE(*deadline, before + by);
    EXPECT_LE(*deadline, after + by);
}

TEST(Timeout, IsForEverByDefault)
{
    EXPECT_EQ(cf::timeout().deadline(), std::nullopt);
    EXPECT_EQ(cf::timeout({}).deadline(), std::nullopt);
}

TEST(Timeout, CountsADurationFromTheCall)
{
    expect_from_now(5s, 5s);
    expect_from_now(std::chrono::duration<double>(0.5), 500ms);
    expect_from_now(std::chrono::duration<float, std::milli>(250.0F), 250ms);
    expect_from_now(std::chrono::hours(2), 2h);
}

TEST(Timeout, ZeroAndNegativeDurationsPoll)
{
    expect_from_now(0s, 0s);
    expect_from_now(-1s, 0s);
    expect_from_now(-1h, 0s);
    expect_from_now(std::chrono::hours::min(), 0s);
    expect_from_now(std::chrono::duration<double>(-std::numeric_limits<double>::infinity()), 0s);
}

TEST(Timeout, DurationsBeyondTheClockAreForEver)
{
    EXPECT_EQ(cf::timeout(std::chrono::hours::max()).deadline(), std::nullopt);
    EXPECT_EQ(cf::timeout(std::chrono::seconds::max()).deadline(), std::nullopt);
    EXPECT_EQ(cf::timeout(std::chrono::nanoseconds::max()).deadline(), std::nullopt);
    EXPECT_EQ(cf::timeout(std::chrono::nanoseconds::max() - 1ns).deadline(), std::nullopt);
    EXPECT_EQ(cf::timeout(std::chrono::duration<double>(1e300)).deadline(), std::nullopt);
    EXPECT_EQ(cf::timeout(std::chrono::duration<double>(std::numeric_limits<double>::infinity()))
                  .deadline(),
              std::nullopt);
}

TEST(Timeout, NotANumberIsRefused)
{
    EXPECT_THROW(
        cf::timeout(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())),
        std::invalid_argument);
}

TEST(Timeout, APointInTimeIsItself)
{
    const auto point = steady::now() + 3s;

    EXPECT_EQ(cf::timeout(point).deadline(), point);
    EXPECT_EQ(cf::timeout(steady::time_point::min()).deadline(), steady::time_point::min());
    EXPECT_EQ(cf::timeout(steady::time_point::max()).deadline(), steady::time_point::max());
}

TEST(Timeout, OptionsThatAreDurationsNeverOverflowTheClock)
{
    using cf::detail::later;
    using cf::detail::saturated;
    constexpr auto last = steady::time_point::max();
    constexpr auto first = steady::time_point::min();
    constexpr steady::time_point hour{1h};

    static_assert(later(hour, 1s) == hour + 1s);
    static_assert(later(hour, -2h) == hour - 2h);
    EXPECT_EQ(later(hour, steady::duration::max()), last);
    EXPECT_EQ(later(hour, steady::duration::max() - 1ns), last);
    EXPECT_EQ(later(-hour.time_since_epoch() + steady::time_point(), steady::duration::max()),
              last);
    EXPECT_EQ(later(first, steady::duration::max()), last);
    EXPECT_EQ(later(last, steady::duration::max()), last);
    EXPECT_EQ(later(last, 0ns), last);
    EXPECT_EQ(later(last, -1ns), last - 1ns);
    EXPECT_EQ(later(first, -1ns), first);

    EXPECT_EQ(saturated(std::chrono::milliseconds::max()), steady::duration::max());
    EXPECT_EQ(saturated(std::chrono::milliseconds::min()), steady::duration::min());
    EXPECT_EQ(saturated(1500ms), 1500ms);
}

TEST(Errors, HaveOneBaseThatIsARuntimeError)
{
    static_assert(std::is_base_of_v<std::runtime_error, cf::error>);
    static_assert(std::is_base_of_v<cf::error, cf::cancelled_error>);
    static_assert(std::is_base_of_v<cf::error, cf::timeout_error>);
    static_assert(std::is_base_of_v<cf::error, cf::invalid_state_error>);
    static_assert(std::is_base_of_v<cf::error, cf::broken_promise>);
    static_assert(std::is_base_of_v<cf::error, cf::executor_shut_down>);
    static_assert(std::is_base_of_v<cf::error, cf::deadlock_error>);
    static_assert(std::is_base_of_v<cf::error, cf::broken_executor>);
    static_assert(std::is_base_of_v<cf::broken_executor, cf::broken_thread_pool>);

    EXPECT_STREQ(cf::executor_shut_down().what(), "cannot schedule new futures after shutdown");
}

TEST(Errors, ATimeoutForSeveralFuturesCountsThem)
{
    const cf::timeout_error error(2, 5);

    EXPECT_STREQ(error.what(), "2 (of 5) futures unfinished");
    EXPECT_EQ(error.unfinished(), 2U);
    EXPECT_EQ(error.total(), 5U);
    EXPECT_EQ(cf::timeout_error().total(), 0U);
}

} // namespace
