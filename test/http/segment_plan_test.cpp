// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "http/segment_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace cofutures::http::detail {

namespace {

using ranges = std::vector<byte_range>;

constexpr segment_plan::stream leader = 1;
constexpr segment_plan::stream second = 2;
constexpr segment_plan::stream third = 3;

TEST(HttpSegmentPlan, IsFetchedByOneStreamFromBeginToEnd)
{
    segment_plan plan({{10, 100}});
    EXPECT_EQ(plan.take_first(leader), (byte_range{10, 100}));
    EXPECT_EQ(plan.arrive(leader, 60), 60u);
    EXPECT_EQ(plan.position(leader), 10u);
    plan.written(leader, 50);
    EXPECT_EQ(plan.position(leader), 60u);
    EXPECT_EQ(plan.missing(), (ranges{{60, 100}}));
    EXPECT_EQ(plan.unfetched(), 30u);
    EXPECT_FALSE(plan.is_fetched(leader));
    EXPECT_EQ(plan.arrive(leader, 40), 30u) << "no more than there is";
    EXPECT_TRUE(plan.is_fetched(leader));
    EXPECT_FALSE(plan.complete());
    plan.written(leader, 40);
    EXPECT_TRUE(plan.complete());
    EXPECT_EQ(plan.missing(), ranges{});
}

TEST(HttpSegmentPlan, HalvesWhatIsLongest)
{
    segment_plan plan({{0, 100}});
    plan.take_first(leader);
    plan.arrive(leader, 20);
    EXPECT_EQ(plan.take(second, 10), (byte_range{60, 100}));
    plan.arrive(leader, 20);
    EXPECT_EQ(plan.take(third, 10), (byte_range{80, 100})) << "40 of the second's are more than 20";
    EXPECT_EQ(plan.arrive(leader, 1000), 20u) << "the rest belongs to the second";
    EXPECT_EQ(plan.missing(), (ranges{{0, 100}})) << "nothing is written";
}

TEST(HttpSegmentPlan, DoesNotSplitWhatIsShort)
{
    segment_plan plan({{0, 100}});
    plan.take_first(leader);
    EXPECT_FALSE(plan.has_piece(51));
    EXPECT_EQ(plan.take(second, 51), std::nullopt);
    EXPECT_TRUE(plan.has_piece(50));
    plan.arrive(leader, 1);
    EXPECT_FALSE(plan.has_piece(50));
    plan.arrive(leader, 97);
    EXPECT_TRUE(plan.has_piece(1));
    EXPECT_EQ(plan.take(second, 1), (byte_range{99, 100}));
    EXPECT_FALSE(plan.has_piece(1)) << "a single byte has no halves";
    EXPECT_FALSE(plan.has_piece(0)) << "nor if a half may be empty";
}

TEST(HttpSegmentPlan, GivesAwayFirstWhatNobodyFetches)
{
    segment_plan plan({{0, 1000}, {2000, 2005}, {3000, 3010}});
    plan.take_first(leader);
    EXPECT_EQ(plan.take(second, 100), (byte_range{3000, 3010})) << "however short it is";
    EXPECT_EQ(plan.take(third, 100), (byte_range{2000, 2005}));
    EXPECT_EQ(plan.take(4, 100), (byte_range{500, 1000}));
}

TEST(HttpSegmentPlan, TakesBackWhatAStreamDidNotWrite)
{
    segment_plan plan({{0, 100}});
    plan.take_first(leader);
    plan.take(second, 1); // 50 to 100
    plan.arrive(second, 30);
    plan.written(second, 10);
    plan.release(second);
    EXPECT_EQ(plan.missing(), (ranges{{0, 50}, {60, 100}}));
    EXPECT_EQ(plan.take(third, 1), (byte_range{60, 100})) << "also what had arrived";
    plan.release(second); // has nothing any more
    EXPECT_EQ(plan.unfetched(), 90u);
}

TEST(HttpSegmentPlan, LetsAStreamGoOnWhereItsAnswerDoes)
{
    segment_plan plan({{0, 100}});
    plan.take_first(leader);
    plan.take(second, 1); // 50 to 100
    plan.arrive(leader, 40);
    plan.release(second);
    EXPECT_EQ(plan.arrive(leader, 30), 30u) << "the answer that began at 0 goes on to 100";
    plan.written(leader, 70);
    EXPECT_EQ(plan.missing(), (ranges{{70, 100}}));
}

TEST(HttpSegmentPlan, LetsNoStreamGoOnBehindItsAnswer)
{
    segment_plan plan({{0, 100}});
    plan.take_first(leader);
    plan.take(second, 1); // 50 to 100
    plan.take(third, 1);  // 25 to 50
    plan.release(second);
    EXPECT_EQ(plan.arrive(third, 100), 25u) << "it was asked for up to 50";
    EXPECT_TRUE(plan.is_fetched(third));
}

TEST(HttpSegmentPlan, JoinsWhatNobodyFetches)
{
    segment_plan plan({{0, 80}});
    plan.take_first(leader);
    plan.take(second, 1); // 40 to 80
    plan.take(third, 1);  // 20 to 40
    plan.release(leader);
    plan.release(second);
    plan.release(third);
    EXPECT_EQ(plan.take(4, 1), (byte_range{0, 80}));
}

TEST(HttpSegmentPlan, IsStrictWithItsUser)
{
    segment_plan plan({{0, 10}});
    plan.take_first(leader);
    EXPECT_THROW(plan.take_first(second), std::logic_error);
    EXPECT_THROW(plan.written(leader, 1), std::logic_error);
    EXPECT_THROW(plan.position(second), std::out_of_range);
    EXPECT_EQ(plan.arrive(second, 1), 0u);
}

// Streams that come, go, arrive and write as they like, and a map of what each byte is known to be.
class random_streams {
public:
    explicit random_streams(std::uint64_t seed) : random_(seed)
    {
        ranges missing;
        for (std::uint64_t at = random_() % 30; at < length;) {
            const std::uint64_t end = std::min<std::uint64_t>(length, at + 1 + random_() % 200);
            missing.push_back({at, end});
            at = end + 1 + random_() % 50;
        }
        written_.assign(length, true);
        for (const byte_range& each : missing) {
            std::fill(written_.begin() + static_cast<std::ptrdiff_t>(each.begin),
                      written_.begin() + static_cast<std::ptrdiff_t>(each.end),
                      false);
        }
        plan_.emplace(missing);
    }

    void run()
    {
        for (int step = 0; step < 100'000 && !plan_->complete(); ++step) {
            if (answers_.empty() || (answers_.size() < 6 && random_() % 4 == 0)) {
                begin_one();
                continue;
            }
            auto at = answers_.begin();
            std::advance(at, static_cast<std::ptrdiff_t>(random_() % answers_.size()));
            step_of(at->first, at->second);
            ASSERT_EQ(plan_->missing(), missing_bytes());
        }
        EXPECT_TRUE(plan_->complete());
        EXPECT_EQ(std::count(written_.begin(), written_.end(), false), 0);
    }

private:
    static constexpr std::uint64_t length = 1000;

    struct answer {
        std::uint64_t sent; ///< up to here
        std::uint64_t end;
    };

    void begin_one()
    {
        const std::uint64_t least = 1 + random_() % 40;
        const bool expected = plan_->has_piece(least);
        const segment_plan::stream who = ++last_;
        const auto piece = plan_->take(who, least);
        ASSERT_EQ(piece.has_value(), expected);
        if (piece) {
            ASSERT_LT(piece->begin, piece->end);
            ASSERT_EQ(plan_->position(who), piece->begin);
            answers_[who] = {piece->begin, piece->end};
        }
    }

    void step_of(segment_plan::stream who, answer& from)
    {
        const std::uint64_t size = std::min<std::uint64_t>(from.end - from.sent, random_() % 60);
        const std::size_t own = plan_->arrive(who, static_cast<std::size_t>(size));
        ASSERT_LE(own, size);
        ASSERT_TRUE(own == size || plan_->is_fetched(who)) << "bytes are refused at the end only";
        from.sent += own;
        unwritten_[who] += own;
        const bool over = plan_->is_fetched(who);
        const bool gives_up = random_() % 20 == 0;
        if (!gives_up && (over || random_() % 3 == 0)) {
            write(who);
        }
        if (gives_up || over) {
            plan_->release(who);
            unwritten_.erase(who);
            answers_.erase(who);
        }
    }

    void write(segment_plan::stream who)
    {
        const std::size_t size = unwritten_[who];
        if (size == 0) {
            return;
        }
        const std::uint64_t position = plan_->position(who);
        for (std::uint64_t at = position; at < position + size; ++at) {
            ASSERT_FALSE(written_.at(at)) << at << " is written twice";
            written_[at] = true;
        }
        plan_->written(who, size);
        unwritten_[who] = 0;
    }

    ranges missing_bytes() const
    {
        ranges found;
        for (std::uint64_t at = 0; at < length; ++at) {
            if (!written_[at]) {
                if (found.empty() || found.back().end != at) {
                    found.push_back({at, at});
                }
                found.back().end = at + 1;
            }
        }
        return found;
    }

    std::mt19937_64 random_;
    std::optional<segment_plan> plan_;
    std::vector<bool> written_;
    std::map<segment_plan::stream, answer> answers_;
    std::map<segment_plan::stream, std::size_t> unwritten_;
    segment_plan::stream last_ = 0;
};

TEST(HttpSegmentPlan, HasEachByteWrittenOnceWhateverTheStreamsDo)
{
    for (std::uint64_t seed = 0; seed < 500 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        random_streams(seed).run();
    }
}

} // namespace

} // namespace cofutures::http::detail
