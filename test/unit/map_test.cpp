// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// map and map_unordered: how much is read and submitted when, what an iteration sees, what is cancelled.

#include <cofutures/inline_executor.hpp>
#include <cofutures/manual_executor.hpp>
#include <cofutures/thread_pool_executor.hpp>

#include "support/error_reports.hpp"
#include "support/expect_error.hpp"
#include "support/gate.hpp"
#include "support/generated_input.hpp"
#include "support/tracked.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <iterator>
#include <list>
#include <memory>
#include <optional>
#include <ranges>
#include <sstream>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace cf = cofutures;
using namespace std::chrono_literals;
using cf::test::error_reports;
using cf::test::gate;
using cf::test::message_of;
using cf::test::numbers_from;
using cf::test::opens_at_exit;
using cf::test::tracked;
using cf::test::tracked_counts;
using cf::test::watchdog;

namespace {

int doubled(int value)
{
    return 2 * value;
}

const std::vector<int> one_to_five{1, 2, 3, 4, 5};

template <typename Range>
std::vector<int> all_of(Range&& range)
{
    std::vector<int> values;
    for (const int value : range) {
        values.push_back(value);
    }
    return values;
}

/// The endless input 0, 1, 2, …, which counts in `read` how much of it was read and fails at `fail_at`.
auto counted_input(int& read, int fail_at = -1)
{
    return cf::test::generated_input([&read, fail_at](std::size_t index) {
        const int value = static_cast<int>(index);
        if (value == fail_at) {
            throw std::runtime_error("unreadable input");
        }
        ++read;
        return value;
    });
}

// What is submitted when

TEST(Map, ReadsAndSubmitsEverythingAtTheCall)
{
    cf::manual_executor executor;

    const auto range = executor.map(doubled, one_to_five);

    EXPECT_EQ(executor.queued(), 5U);
}

TEST(Map, WithABufferSubmitsSoManyAndOneMoreWhileIterating)
{
    cf::manual_executor executor;
    int read = 0;
    const auto input = counted_input(read);

    auto range = executor.map({.buffer_size = 3}, doubled, input);
    EXPECT_EQ(executor.queued(), 3U);
    EXPECT_EQ(read, 3);

    auto item = range.begin();
    EXPECT_EQ(executor.queued(), 4U);
    EXPECT_EQ(executor.drain(), 4U);

    for (int expected = 0; expected != 10; ++expected) {
        EXPECT_EQ(*item, 2 * expected);
        EXPECT_EQ(read, 4 + expected); // three that were not reached, and this one
        ++item;
        EXPECT_EQ(executor.queued(), 1U);
        executor.drain();
    }
}

TEST(Map, WithABufferAndChunksSubmitsWholeChunks)
{
    cf::manual_executor executor;
    int read = 0;
    const auto input = counted_input(read);

    const auto range = executor.map({.chunk_size = 2, .buffer_size = 5}, doubled, input);

    EXPECT_EQ(executor.queued(), 3U);
    EXPECT_EQ(read, 6);
}

TEST(Map, ABufferLargerThanTheInputTakesAllOfIt)
{
    cf::inline_executor executor;

    EXPECT_EQ(all_of(executor.map({.buffer_size = 100}, doubled, one_to_five)),
              (std::vector{2, 4, 6, 8, 10}));
    EXPECT_EQ(all_of(executor.map({.buffer_size = 1}, doubled, one_to_five)),
              (std::vector{2, 4, 6, 8, 10}));
    EXPECT_TRUE(all_of(executor.map({.buffer_size = 2}, doubled, std::vector<int>())).empty());
}

TEST(Map, InfiniteInputsWorkWithABuffer)
{
    cf::thread_pool_executor pool(2);
    std::vector<int> seen;

    for (const int value :
         pool.map({.buffer_size = 4}, std::plus<int>(), numbers_from(0), numbers_from(10))) {
        seen.push_back(value);
        if (seen.size() == 100) {
            break;
        }
    }

    EXPECT_EQ(seen.front(), 10);
    EXPECT_EQ(seen.back(), 10 + 2 * 99);
}

TEST(Map, ChunksMakeOneTaskOfSeveralInputs)
{
    cf::manual_executor executor;

    auto range = executor.map({.chunk_size = 2}, doubled, one_to_five);

    EXPECT_EQ(executor.queued(), 3U);
    executor.drain();
    EXPECT_EQ(all_of(range), (std::vector{2, 4, 6, 8, 10}));
}

TEST(Map, RefusesSizesOfZeroByName)
{
    cf::inline_executor executor;

    EXPECT_EQ(message_of<std::invalid_argument>(
                  [&] { executor.map({.chunk_size = 0}, doubled, one_to_five); }),
              "cofutures: chunk_size must be at least 1, got 0");
    EXPECT_EQ(message_of<std::invalid_argument>(
                  [&] { executor.map({.buffer_size = 0}, doubled, one_to_five); }),
              "cofutures: buffer_size must be at least 1, got 0");
}

TEST(Map, RefusesANullFunction)
{
    cf::inline_executor executor;
    int (*const null)(int) = nullptr;

    EXPECT_THROW(executor.map(null, one_to_five), std::invalid_argument);
    EXPECT_THROW(executor.map(std::function<int(int)>(), std::vector<int>()),
                 std::invalid_argument);
}

// Inputs

TEST(Map, MovesTheElementsOfAnRvalueAndCopiesThoseOfAnLvalue)
{
    cf::inline_executor executor;
    tracked_counts counts;
    std::vector<tracked> kept;
    kept.emplace_back(counts, 1);
    std::vector<tracked> given;
    given.emplace_back(counts, 2);
    const auto value_of = [](const tracked& value) { return value.value(); };

    EXPECT_EQ(all_of(executor.map(value_of, std::move(given))), std::vector{2});
    EXPECT_EQ(counts.copied, 0);
    EXPECT_EQ(all_of(executor.map(value_of, kept)), std::vector{1});
    EXPECT_EQ(counts.copied, 1);
    EXPECT_EQ(kept[0].value(), 1);
}

TEST(Map, TakesMoveOnlyElements)
{
    cf::inline_executor executor;
    std::vector<std::unique_ptr<int>> given;
    given.push_back(std::make_unique<int>(7));

    EXPECT_EQ(all_of(executor.map([](std::unique_ptr<int> at) { return *at; }, std::move(given))),
              std::vector{7});
}

TEST(Map, TakesAnyInputRanges)
{
    cf::inline_executor executor;

    EXPECT_EQ(all_of(executor.map(doubled, std::list{1, 2})), (std::vector{2, 4}));
#if !defined(__clang__) || __clang_major__ >= 16 // before, Clang cannot compile libstdc++'s views
    std::istringstream text("1 2 3");
    EXPECT_EQ(all_of(executor.map(doubled, std::views::istream<int>(text))),
              (std::vector{2, 4, 6}));
    EXPECT_EQ(all_of(executor.map(doubled, one_to_five | std::views::drop(3))),
              (std::vector{8, 10}));
#endif
}

struct named {
    int number;
    std::string name;
};

/// Numbers with their names, as zipped ranges give them: references while they are read, values where they
/// are kept. The names are the iterator's own.
class named_numbers {
public:
    struct reference {
        operator named() const { return {number, std::string(name)}; }

        int& number;
        std::string_view name;
    };

    class iterator {
    public:
        using value_type = named;
        using difference_type = std::ptrdiff_t;
        using iterator_concept = std::input_iterator_tag;

        iterator() = default;
        explicit iterator(std::vector<int>& numbers) : at_(numbers.data()) { next_name(); }

        reference operator*() const { return {*at_, name_}; }
        iterator& operator++()
        {
            ++at_;
            next_name();
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const iterator& at, const int* end) { return at.at_ == end; }

    private:
        void next_name() { name_ = std::string(name_.size() + 50, 'x'); }

        int* at_ = nullptr;
        std::string name_;
    };

    explicit named_numbers(std::vector<int>& numbers) : numbers_(&numbers) {}
    iterator begin() const { return iterator(*numbers_); }
    const int* end() const { return numbers_->data() + numbers_->size(); }

private:
    std::vector<int>* numbers_;
};

TEST(Map, TakesArraysAsSubmitDoes)
{
    cofutures::thread_pool_executor pool(1);
    const char words[][4] = {"one", "six"};
    std::vector<std::string> copies;
    for (const std::size_t chunk_size : {std::size_t{1}, std::size_t{2}}) {
        for (const std::string& copy : pool.map(
                 {.chunk_size = chunk_size},
                 [](const char* word) { return std::string(word); },
                 words)) {
            copies.push_back(copy);
        }
    }
    EXPECT_EQ(copies, (std::vector<std::string>{"one", "six", "one", "six"}));
}

TEST(Map, TakesTheValuesOfProxiesThatReferToTheRangeOrToTheIterator)
{
    for (const std::size_t chunk_size : {std::size_t{1}, std::size_t{2}}) {
        cf::manual_executor executor;
        std::vector numbers{1, 2, 3};
        auto range = executor.map(
            {.chunk_size = chunk_size},
            [](const named& one) { return one.number + static_cast<int>(one.name.size()); },
            named_numbers(numbers));

        numbers.assign(3, 0);
        executor.drain();

        EXPECT_EQ(all_of(range), (std::vector{51, 102, 153}));
    }
}

TEST(Map, OwnsAnRvalueInputWhileItReadsIt)
{
    cf::inline_executor executor;

    auto range = executor.map({.buffer_size = 1}, doubled, std::vector{1, 2, 3});

    EXPECT_EQ(all_of(range), (std::vector{2, 4, 6}));
}

TEST(Map, CancelsWhatItSubmittedWhenTheInputThrows)
{
    cf::manual_executor executor;
    int read = 0;
    const auto input = counted_input(read, 2);

    EXPECT_EQ(message_of<std::runtime_error>([&] { executor.map(doubled, input); }),
              "unreadable input");

    EXPECT_EQ(executor.queued(), 0U);
    EXPECT_EQ(executor.stats().cancelled, 2U);
}

TEST(Map, AnInputThatThrowsInTheIterationIsTheLastOutcome)
{
    cf::inline_executor executor;
    int read = 0;
    const auto input = counted_input(read, 3);
    auto range = executor.map({.buffer_size = 1}, doubled, input);
    std::vector<std::string> outcomes;

    for (auto item = range.begin(); item != range.end(); ++item) {
        try {
            outcomes.push_back(std::to_string(*item));
        } catch (const std::runtime_error& error) {
            outcomes.emplace_back(error.what());
        }
    }

    EXPECT_EQ(outcomes, (std::vector<std::string>{"0", "2", "4", "unreadable input"}));
}

TEST(Map, AShutdownInTheIterationIsTheLastOutcome)
{
    cf::inline_executor executor;
    auto range = executor.map({.buffer_size = 1}, doubled, one_to_five);
    auto item = range.begin();
    executor.shutdown();

    EXPECT_EQ(*item, 2);
    ++item;
    EXPECT_EQ(*item, 4); // was submitted by begin()
    ++item;
    EXPECT_THROW(*item, cf::executor_shut_down);
    ++item;
    EXPECT_TRUE(item == range.end());
}

// Results

TEST(Map, GivesAccessToTheResults)
{
    cf::inline_executor executor;
    auto range = executor.map([](int value) { return std::make_unique<int>(value); }, one_to_five);
    std::vector<std::unique_ptr<int>> moved;

    for (auto& result : range) {
        moved.push_back(std::move(result));
    }

    EXPECT_EQ(*moved.back(), 5);
}

TEST(Map, OfReferencesGivesTheReferredObjects)
{
    cf::inline_executor executor;
    std::vector<int> targets{1, 2, 3};
    const auto at = [&](std::size_t index) -> int& { return targets[index]; };

    for (const std::size_t chunk_size : {std::size_t{1}, std::size_t{2}}) {
        for (int& target :
             executor.map({.chunk_size = chunk_size}, at, std::vector<std::size_t>{0, 1, 2})) {
            target *= 10;
        }
    }

    EXPECT_EQ(targets, (std::vector{100, 200, 300}));
}

TEST(Map, OfVoidGivesNothingSoManyTimes)
{
    cf::inline_executor executor;
    int sum = 0;

    for (const std::size_t chunk_size : {std::size_t{1}, std::size_t{2}}) {
        std::size_t items = 0;
        for (const auto& unit : executor.map(
                 {.chunk_size = chunk_size}, [&](int value) { sum += value; }, one_to_five)) {
            EXPECT_EQ(unit, std::monostate());
            ++items;
        }
        EXPECT_EQ(items, 5U);
    }

    EXPECT_EQ(sum, 30);
}

TEST(Map, PassesAStopTokenToFunctionsThatWantOne)
{
    cf::inline_executor executor;
    const auto function = [](std::stop_token token, int value) {
        return token.stop_requested() ? 0 : value;
    };

    EXPECT_EQ(all_of(executor.map(function, one_to_five)), one_to_five);
    EXPECT_EQ(all_of(executor.map({.chunk_size = 2}, function, one_to_five)), one_to_five);
}

TEST(Map, FreesEachResultAsTheIterationMovesOn)
{
    cf::inline_executor executor;
    tracked_counts counts;
    int alive = 5;

    for (const auto& value :
         executor.map([&](int number) { return tracked(counts, number); }, one_to_five)) {
        EXPECT_EQ(counts.alive, alive--) << value.value();
    }

    EXPECT_EQ(counts.alive, 0);
}

TEST(Map, ItemsMayBeSkippedWithoutALook)
{
    cf::manual_executor executor;
    auto range = executor.map(doubled, one_to_five);
    auto item = range.begin();

    ++item; // waits for nothing: no task has run
    ++item;
    executor.drain();

    EXPECT_EQ(*item, 6);
}

TEST(Map, FailuresOfItemsNobodyLookedAtAreReported)
{
    error_reports reports;
    cf::inline_executor executor;
    {
        auto range =
            executor.map([](int value) -> int { throw std::runtime_error(std::to_string(value)); },
                         std::vector{1, 2});
        EXPECT_THROW(*range.begin(), std::runtime_error);
    }

    EXPECT_EQ(error_reports::message(reports.take_only().exception), "2");
}

// Time

TEST(Map, YieldsFinishedItemsAfterTheTimeIsOver)
{
    cf::inline_executor executor;

    EXPECT_EQ(all_of(executor.map({.timeout = 0s}, doubled, one_to_five)),
              (std::vector{2, 4, 6, 8, 10}));
    EXPECT_EQ(all_of(executor.map({.timeout = -1s}, doubled, one_to_five)),
              (std::vector{2, 4, 6, 8, 10}));
}

TEST(Map, ATimeoutCancelsTheRestAndEndsTheRange)
{
    cf::manual_executor executor;
    auto range = executor.map({.timeout = 0s}, doubled, one_to_five);
    executor.step();
    auto item = range.begin();
    EXPECT_EQ(*item, 2);
    ++item;

    EXPECT_THROW(*item, cf::timeout_error);

    EXPECT_TRUE(item == range.end());
    EXPECT_EQ(executor.queued(), 0U); // the one that was waited for, too
    EXPECT_EQ(executor.stats().cancelled, 4U);
}

TEST(Map, ATimeoutIsToldAgainToALoopThatDoesNotAskForTheEnd)
{
    cf::manual_executor executor;
    for (const bool in_order : {true, false}) {
        auto range = in_order ? executor.map({.timeout = 0s}, doubled, one_to_five)
                              : executor.map_unordered({.timeout = 0s}, doubled, one_to_five);
        auto item = range.begin();
        for (int n = 0; n != 3; ++n) {
            EXPECT_THROW(*item, cf::timeout_error);
            ++item;
            EXPECT_TRUE(item == range.end());
        }
    }
}

TEST(Map, ATimeoutErrorOfTheFunctionIsAnOrdinaryFailure)
{
    cf::inline_executor executor;
    auto range = executor.map(
        [](int value) {
            if (value == 1) {
                throw cf::timeout_error("the function's own");
            }
            return value;
        },
        std::vector{1, 2});
    auto item = range.begin();

    EXPECT_EQ(message_of<cf::timeout_error>([&] { static_cast<void>(*item); }),
              "the function's own");

    ++item;
    EXPECT_EQ(*item, 2);
}

TEST(Map, ATimeoutLeavesRunningTasksAlone)
{
    gate may_end;
    gate begun;
    std::atomic<bool> ended{false};
    {
        cf::thread_pool_executor pool(1);
        const opens_at_exit end(may_end);
        auto range = pool.map(
            {.timeout = 0s},
            [&](int) {
                begun.open();
                may_end.wait();
                ended = true;
            },
            std::vector{1});
        begun.wait();

        EXPECT_THROW(*range.begin(), cf::timeout_error);
    }

    EXPECT_TRUE(ended);
}

// Dropping

TEST(Map, DroppedWithoutIterationCancelsNothing)
{
    cf::manual_executor executor;

    executor.map(doubled, one_to_five);

    EXPECT_EQ(executor.drain(), 5U);
}

TEST(Map, DroppedInTheIterationCancelsWhatHasNotBegun)
{
    cf::manual_executor executor;
    {
        auto range = executor.map(doubled, one_to_five);
        executor.step();
        EXPECT_EQ(*range.begin(), 2);
    }

    EXPECT_EQ(executor.queued(), 0U);
    EXPECT_EQ(executor.stats().cancelled, 4U);
}

TEST(Map, MovedWhileIteratedCancelsNothing)
{
    cf::manual_executor executor;
    auto range = executor.map(doubled, one_to_five);
    range.begin();

    const auto moved = std::move(range);

    EXPECT_EQ(executor.queued(), 5U);
}

// Order of completion

TEST(MapUnordered, YieldsInTheOrderOfCompletion)
{
    gate first_may_end;
    cf::thread_pool_executor pool(2);
    const opens_at_exit end(first_may_end);
    auto range = pool.map_unordered(
        {.timeout = watchdog},
        [&](int value) {
            if (value == 1) {
                first_may_end.wait();
            }
            return value;
        },
        std::vector{1, 2});

    auto item = range.begin();
    EXPECT_EQ(*item, 2);
    first_may_end.open();
    ++item;
    EXPECT_EQ(*item, 1);
    ++item;
    EXPECT_TRUE(item == range.end());
}

TEST(MapUnordered, ATimeoutCancelsTheRestAndEndsTheRange)
{
    cf::manual_executor executor;
    auto range = executor.map_unordered({.timeout = 0s}, doubled, one_to_five);
    executor.step();
    auto item = range.begin();
    EXPECT_EQ(*item, 2);
    ++item;

    EXPECT_THROW(*item, cf::timeout_error);

    EXPECT_TRUE(item == range.end());
    EXPECT_EQ(executor.stats().cancelled, 4U);
}

TEST(MapUnordered, KeepsItsWindow)
{
    cf::manual_executor executor;
    int read = 0;
    const auto input = counted_input(read);
    auto range = executor.map_unordered({.buffer_size = 2}, doubled, input);
    EXPECT_EQ(executor.queued(), 2U);

    auto item = range.begin();
    executor.drain();
    EXPECT_EQ(read, 3);
    static_cast<void>(*item);
    ++item;

    EXPECT_EQ(read, 4);
    executor.drain();
}

TEST(MapUnordered, ItemsMayBeSkippedWithoutALook)
{
    cf::inline_executor executor;
    auto range = executor.map_unordered(doubled, one_to_five);
    std::size_t items = 0;

    for (auto item = range.begin(); item != range.end(); ++item) {
        ++items;
    }

    EXPECT_EQ(items, 5U);
}

TEST(MapUnordered, GoesOnAfterAFailedItem)
{
    cf::inline_executor executor;
    auto range = executor.map_unordered(
        [](int value) {
            if (value % 2 != 0) {
                throw std::runtime_error("odd");
            }
            return value;
        },
        one_to_five);
    int failed = 0;
    int sum = 0;

    for (auto item = range.begin(); item != range.end(); ++item) {
        try {
            sum += *item;
        } catch (const std::runtime_error&) {
            ++failed;
        }
    }

    EXPECT_EQ(failed, 3);
    EXPECT_EQ(sum, 6);
}

} // namespace
