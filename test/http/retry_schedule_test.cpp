// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "http/retry_schedule.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace cofutures::http::detail {

namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

const system_clock::time_point today = sys_days(2026y / July / 1) + 12h;
const steady_clock::time_point start{1h};

response_head answer(headers fields)
{
    return {.status = 503, .headers = std::move(fields)};
}

retry_policy policy(std::size_t tries, double random)
{
    return {
        .max_tries = tries, .first_delay = 1s, .max_delay = 5s, .budget = {}, .random = [random] {
            return random;
        }};
}

TEST(HttpRetrySchedule, DoublesUpToTheGreatestDelay)
{
    retry_schedule schedule(policy(6, 1.0));
    for (const milliseconds wait : {1000ms, 2000ms, 4000ms, 5000ms, 5000ms}) {
        EXPECT_EQ(schedule.next({}, start, {}), wait);
    }
    EXPECT_EQ(schedule.next({}, start, {}), std::nullopt);
    EXPECT_EQ(schedule.tries(), 6u);
}

TEST(HttpRetrySchedule, LeavesOutARandomHalfOfTheDelay)
{
    EXPECT_EQ(retry_schedule(policy(2, 0.0)).next({}, start, {}), 500ms);
    EXPECT_EQ(retry_schedule(policy(2, 0.5)).next({}, start, {}), 750ms);

    retry_policy random = policy(2, 0);
    random.random = {};
    for (int i = 0; i < 100; ++i) {
        const auto wait = retry_schedule(random).next({}, start, {});
        EXPECT_GE(wait, 500ms);
        EXPECT_LE(wait, 1000ms);
    }
}

TEST(HttpRetrySchedule, WaitsForAServerWithinItsBudgetOnly)
{
    retry_policy limited = policy(2, 0);
    limited.budget = 10min;
    const auto now = steady_clock::now();

    EXPECT_TRUE(retry_schedule(policy(2, 0)).waits_until(now + 1h, now));
    EXPECT_TRUE(retry_schedule(limited).waits_until(now + 5min, now));
    EXPECT_FALSE(retry_schedule(limited).waits_until(now + 1h, now));
    EXPECT_FALSE(retry_schedule(policy(2, 0)).waits_until(now, now));
    EXPECT_FALSE(retry_schedule(policy(1, 0)).waits_until(now + 1s, now));
}

TEST(HttpRetrySchedule, NeverRepeatsByDefault)
{
    EXPECT_EQ(retry_schedule(retry_policy{}).next({}, start, {}), std::nullopt);
}

TEST(HttpRetrySchedule, FollowsTheServersWishForALongerWaitOnly)
{
    retry_schedule schedule(policy(4, 1.0));
    EXPECT_EQ(schedule.next(90s, start, {}), 90s);
    EXPECT_EQ(schedule.next(0s, start, {}), 2s) << "as without a wish";
    EXPECT_EQ(schedule.next(3s, start, {}), 4s);
}

TEST(HttpRetrySchedule, CountsOnlyFailingAndWaitingTowardsItsBudget)
{
    retry_policy limited = policy(9, 1.0);
    limited.first_delay = 10s;
    limited.max_delay = 10s;
    limited.budget = start + 10min;
    retry_schedule schedule(limited);
    schedule.begin();
    auto now = start;
    // A body comes for ten hours, after a minute of waiting for it, and stops a minute before that
    // is noticed.
    for (now += 1min; now < start + 10h + 1min; now += 1min) {
        schedule.progress(now);
    }
    schedule.progress(now);
    now += 1min;
    EXPECT_TRUE(schedule.waits_until(now + 8min, now));
    EXPECT_FALSE(schedule.waits_until(now + 9min, now));
    EXPECT_EQ(schedule.next({}, now, {}), 10s);

    // Between the last piece of one try and the first of the next nothing comes.
    now += 7min;
    schedule.progress(now);
    EXPECT_EQ(schedule.next({}, now + 50s, {}), 10s);
    EXPECT_EQ(schedule.next({}, now + 51s, {}), std::nullopt);
}

TEST(HttpRetrySchedule, HasABudgetOfFailuresHoweverLittleComesBetween)
{
    retry_policy limited = policy(1000, 1.0);
    limited.first_delay = 5s;
    limited.budget = start + 10min;
    retry_schedule schedule(limited);
    schedule.begin();
    auto now = start;
    std::size_t tries = 1;
    // A single piece in each try takes no time.
    for (std::optional<milliseconds> wait; (wait = schedule.next({}, now, {})); ++tries) {
        now += *wait;
        schedule.progress(now);
        now += 55s;
    }
    EXPECT_EQ(tries, 11u) << "one a minute, and the first";
}

TEST(HttpRetrySchedule, LeavesTheTurnsOfOthersOutOfItsBudget)
{
    retry_policy limited = policy(5, 1.0);
    limited.budget = start + 2s;
    retry_schedule schedule(limited);
    schedule.leave_out(1h); // before the first try nothing counts
    schedule.begin();
    schedule.leave_out(1h);
    EXPECT_EQ(schedule.next({}, start + 1h + 1s, {}), 1s);
    EXPECT_EQ(schedule.next({}, start + 1h + 1s, {}), std::nullopt) << "two seconds from there";
}

TEST(HttpRetrySchedule, StaysWithinItsBudgetAndTheDeadline)
{
    retry_policy limited = policy(5, 1.0);
    limited.budget = start + 2s;
    retry_schedule schedule(limited);
    schedule.begin();
    EXPECT_EQ(schedule.next({}, start, {}), 1s);
    EXPECT_EQ(schedule.next({}, start + 1s, {}), std::nullopt) << "two seconds from there";
    EXPECT_EQ(schedule.next(0s, start + 3s, {}), std::nullopt);

    retry_schedule urgent(policy(5, 1.0));
    EXPECT_EQ(urgent.next({}, start, start + 999ms), std::nullopt);
    EXPECT_EQ(urgent.next({}, start, start + 1000ms), 1s);
}

TEST(HttpRetrySchedule, SurvivesAbsurdNumbers)
{
    retry_policy absurd = policy(100, 1.0);
    absurd.first_delay = milliseconds::max();
    absurd.max_delay = milliseconds::max();
    EXPECT_GT(retry_schedule(absurd).next({}, start, {}), 1h);
    absurd.first_delay = -5ms;
    absurd.random = [] { return 7.0; };
    EXPECT_EQ(retry_schedule(absurd).next({}, start, {}), 0ms);
}

TEST(HttpRetryAfter, IsANumberOfSecondsOrADate)
{
    EXPECT_EQ(retry_after(answer({{"Retry-After", "120"}}), today), 120s);
    EXPECT_EQ(retry_after(answer({{"Retry-After", "0"}}), today), 0s);
    EXPECT_EQ(retry_after(answer({{"Retry-After", "Wed, 01 Jul 2026 12:00:30 GMT"}}), today), 30s);
    EXPECT_EQ(retry_after(answer({{"Retry-After", "Wed, 01 Jul 2026 11:00:00 GMT"}}), today), 0s);
}

TEST(HttpRetryAfter, CountsADateFromTheServersClock)
{
    EXPECT_EQ(retry_after(answer({{"Date", "Wed, 01 Jul 2026 13:00:00 GMT"},
                                  {"Retry-After", "Wed, 01 Jul 2026 13:00:07 GMT"}}),
                          today),
              7s);
}

TEST(HttpRetryAfter, IsNothingWhereItIsNonsense)
{
    EXPECT_EQ(retry_after(answer({}), today), std::nullopt);
    for (const char* text : {"", "soon", "-1", "1.5", "Wed, 32 Jul 2026 12:00:30 GMT"}) {
        EXPECT_EQ(retry_after(answer({{"Retry-After", text}}), today), std::nullopt) << text;
    }
    EXPECT_EQ(retry_after(answer({{"Retry-After", "99999999999999999999999"}}), today), 24h * 365);
}

} // namespace

} // namespace cofutures::http::detail
