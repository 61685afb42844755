// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// What waits for several futures is registered with none of them once it is decided or cancelled.

#include <cofutures/as_completed.hpp>
#include <cofutures/completion_queue.hpp>
#include <cofutures/promise.hpp>
#include <cofutures/when_all.hpp>
#include <cofutures/when_any.hpp>

#include "support/gate.hpp"
#include "support/tracked.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

namespace cf = cofutures;
using namespace std::chrono_literals;
using cf::test::tracked;
using cf::test::tracked_counts;

namespace {

template <typename T>
std::vector<cf::future<T>> both(cf::future<T> first, cf::future<T> second)
{
    std::vector<cf::future<T>> futures;
    futures.push_back(std::move(first));
    futures.push_back(std::move(second));
    return futures;
}

template <typename T>
void drop(cf::promise<T>& promise)
{
    const cf::promise<T> dropped = std::move(promise);
}

TEST(WhenAnyRegistrations, LeavesTheWinnersValueWithNobodyElse)
{
    tracked_counts counts;
    const cf::promise<tracked> lasts_for_ever;
    for (const bool comes_first : {true, false}) {
        cf::promise<tracked> reply;
        auto first =
            cf::when_any(comes_first ? both(reply.get_future(), lasts_for_ever.get_future())
                                     : both(lasts_for_ever.get_future(), reply.get_future()));
        reply.set_result(counts, 1);
        EXPECT_EQ(first.result(0s).index, comes_first ? 0U : 1U);
        drop(reply);

        first = {};

        EXPECT_EQ(counts.alive, 0);
    }
    lasts_for_ever.get_future().cancel();
}

TEST(WhenAnyRegistrations, LetsGoOfTheLosersWhenItIsDecided)
{
    tracked_counts counts;
    cf::promise<tracked> winner;
    cf::promise<tracked> loser;
    const auto first = cf::when_any(both(loser.get_future(), winner.get_future()));
    winner.set_result(counts, 1);

    loser.set_result(counts, 2);
    drop(loser);

    EXPECT_EQ(first.result(0s).future.result().value(), 1);
    EXPECT_EQ(counts.alive, 1);
}

TEST(WhenAnyRegistrations, CancelledLetsGoOfItsInputs)
{
    tracked_counts counts;
    cf::promise<tracked> input;
    const auto first = cf::when_any(std::vector{input.get_future()});

    EXPECT_TRUE(first.cancel());
    input.set_result(counts, 1);
    drop(input);

    EXPECT_EQ(counts.alive, 0);
    EXPECT_TRUE(first.cancelled());
}

/// Decided between two registrations, as by the thread that finishes the first input.
class decided_meanwhile final : public cf::detail::combined_state<int> {
public:
    decided_meanwhile() : combined_state(2) {}
    using combined_state::watch;

    void decide()
    {
        EXPECT_TRUE(claim());
        leave_inputs();
    }

private:
    std::optional<cf::detail::phase> told(cf::detail::shared_state&, std::size_t) noexcept override
    {
        return std::nullopt;
    }
};

TEST(CombinedRegistrations, LetGoOfAnInputThatComesAfterTheDecision)
{
    tracked_counts counts;
    cf::promise<tracked> first;
    cf::promise<tracked> second;
    auto* const combined = new decided_meanwhile;
    const auto owner = cf::detail::owner_ptr<cf::detail::shared_state>::adopt(combined);
    EXPECT_TRUE(combined->watch(*cf::detail::future_access::state(first.get_future())));
    combined->decide();
    EXPECT_FALSE(combined->watch(*cf::detail::future_access::state(second.get_future())));

    first.set_result(counts, 1);
    second.set_result(counts, 2);
    EXPECT_EQ(counts.alive, 2);
    drop(first);
    drop(second);

    EXPECT_EQ(counts.alive, 0);
    combined->finish(cf::detail::phase::cancelled);
}

TEST(WhenAllRegistrations, FailedLetsGoOfItsInputs)
{
    tracked_counts counts;
    const cf::promise<tracked> lasts_for_ever;
    const cf::promise<void> fails;
    const auto all = cf::when_all(
        lasts_for_ever.get_future(), cf::make_ready_future<tracked>(counts, 1), fails.get_future());
    EXPECT_EQ(counts.alive, 1);

    fails.set_exception(std::make_exception_ptr(std::runtime_error("failed")));

    EXPECT_EQ(counts.alive, 0);
    EXPECT_THROW(all.result(0s), std::runtime_error);
    lasts_for_ever.get_future().cancel();
}

TEST(WhenAllRegistrations, WithAFailedInputLetsGoOfTheOthersAtOnce)
{
    tracked_counts counts;
    const cf::promise<int> lasts_for_ever;
    const auto all = cf::when_all(cf::make_ready_future<tracked>(counts, 1),
                                  cf::make_exceptional_future<int>(std::runtime_error("failed")),
                                  lasts_for_ever.get_future());

    EXPECT_EQ(counts.alive, 0);
    EXPECT_THROW(all.result(0s), std::runtime_error);
    lasts_for_ever.get_future().cancel();
}

TEST(WhenAllRegistrations, CancelledLetsGoOfItsInputs)
{
    tracked_counts counts;
    const cf::promise<void> lasts_for_ever;
    const auto all =
        cf::when_all(lasts_for_ever.get_future(), cf::make_ready_future<tracked>(counts, 1));

    EXPECT_TRUE(all.cancel());

    EXPECT_EQ(counts.alive, 0);
    lasts_for_ever.get_future().cancel();
}

TEST(WhenAllRegistrations, CancelledTakesNoValueOutOfItsInputs)
{
    const cf::promise<std::unique_ptr<int>> first;
    const cf::promise<std::unique_ptr<int>> second;
    const auto all = cf::when_all(first.get_future(), second.get_future());
    EXPECT_TRUE(all.cancel());

    first.set_result(std::make_unique<int>(1));
    second.set_result(std::make_unique<int>(2));

    EXPECT_EQ(*first.get_future().take(0s), 1);
    EXPECT_EQ(*second.get_future().take(0s), 2);
    EXPECT_TRUE(all.cancelled());
}

TEST(AsyncNext, ACancelledAsyncNextSwallowsNoFuture)
{
    const std::vector<cf::promise<int>> promises(2);
    auto completed = cf::as_completed(both(promises[0].get_future(), promises[1].get_future()));
    const auto given_up = completed.async_next();
    const auto first = completed.async_next();

    EXPECT_TRUE(given_up.cancel());
    promises[0].set_result(0);
    promises[1].set_result(1);

    EXPECT_EQ(first.result(0s)->result(), 0);
    EXPECT_EQ(completed.async_next().result(0s)->result(), 1);
    EXPECT_EQ(completed.async_next().result(0s), std::nullopt);
}

TEST(AsyncNext, AsManyAsyncNextsAsFuturesAreServedAndFurtherOnesAreEmpty)
{
    const std::vector<cf::promise<int>> promises(2);
    auto completed = cf::as_completed(both(promises[0].get_future(), promises[1].get_future()));
    const auto first = completed.async_next();
    const auto second = completed.async_next();

    EXPECT_EQ(completed.async_next().result(0s), std::nullopt);
    promises[1].set_result(1);
    EXPECT_EQ(completed.async_next().result(0s), std::nullopt);
    promises[0].set_result(0);

    EXPECT_EQ(first.result(0s)->result(), 1);
    EXPECT_EQ(second.result(0s)->result(), 0);
    EXPECT_EQ(completed.async_next().result(0s), std::nullopt);
}

TEST(AsyncPop, ACancelledAsyncPopLeavesTheLineWhereverItStands)
{
    const std::vector<cf::promise<int>> promises(2);
    cf::completion_queue<cf::future<int>> queue;
    std::vector<cf::future<cf::future<int>>> line;
    for (int n = 0; n != 5; ++n) {
        line.push_back(queue.async_pop());
    }
    for (const std::size_t leaves : {4U, 2U, 0U}) {
        EXPECT_TRUE(line[leaves].cancel());
    }
    queue.add(promises[0].get_future());
    queue.add(promises[1].get_future());

    promises[0].set_result(0);
    promises[1].set_result(1);

    EXPECT_EQ(line[1].result(0s).result(), 0);
    EXPECT_EQ(line[3].result(0s).result(), 1);
    EXPECT_TRUE(queue.empty());
}

TEST(AsyncPop, MayGoBeforeAsyncPopsThatWereCancelled)
{
    cf::promise<int> promise;
    std::optional<cf::completion_queue<cf::future<int>>> queue(std::in_place);
    queue->add(promise.get_future());
    const auto cancelled = queue->async_pop();
    const auto waiting = queue->async_pop();
    EXPECT_TRUE(cancelled.cancel());

    queue.reset();

    EXPECT_TRUE(waiting.cancelled());
    EXPECT_TRUE(waiting.cancel());
    promise.set_result(1);
}

} // namespace
