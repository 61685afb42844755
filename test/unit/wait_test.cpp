// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// Several futures at once: wait, as_completed, completion_queue, when_all, when_any.

#include <cofutures/as_completed.hpp>
#include <cofutures/completion_queue.hpp>
#include <cofutures/manual_executor.hpp>
#include <cofutures/promise.hpp>
#include <cofutures/wait.hpp>
#include <cofutures/when_all.hpp>
#include <cofutures/when_any.hpp>

#include "support/error_reports.hpp"
#include "support/expect_error.hpp"
#include "support/gate.hpp"
#include "support/generated_input.hpp"
#include "support/tracked.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace cf = cofutures;
using namespace std::chrono_literals;
using cf::return_when;
using cf::test::error_reports;
using cf::test::generated_input;
using cf::test::message_of;
using cf::test::tracked;
using cf::test::tracked_counts;

namespace {

using int_future = cf::future<int>;
using futures = std::vector<int_future>;

std::exception_ptr failure(const char* text = "failed")
{
    return std::make_exception_ptr(std::runtime_error(text));
}

/// Three promises and their futures. Failures are looked at, so that none is reported.
class SeveralFutures : public testing::Test {
protected:
    void fail(std::size_t index)
    {
        promises[index].set_exception(failure());
        EXPECT_TRUE(all[index].exception());
    }

    error_reports reports;
    std::vector<cf::promise<int>> promises = std::vector<cf::promise<int>>(3);
    futures all{promises[0].get_future(), promises[1].get_future(), promises[2].get_future()};

    void TearDown() override
    {
        for (auto& future : all) {
            future.cancel();
        }
    }
};

// wait()

using Wait = SeveralFutures;

TEST_F(Wait, AllCompletedReturnsWhenEveryOneIsDone)
{
    std::thread finisher([&] {
        promises[0].set_result(0);
        promises[1].get_future().cancel();
        promises[2].set_exception(failure());
    });

    const auto [done, not_done] = cf::wait(all, {.timeout = cf::test::watchdog});
    finisher.join();

    EXPECT_EQ(done, all);
    EXPECT_TRUE(not_done.empty());
    EXPECT_TRUE(all[2].exception());
}

TEST_F(Wait, FirstCompletedReturnsWhenOneIsDone)
{
    std::thread finisher([&] { promises[1].set_result(1); });

    const auto [done, not_done] =
        cf::wait(all, {.timeout = cf::test::watchdog, .return_when = return_when::first_completed});
    finisher.join();

    EXPECT_EQ(done, futures{all[1]});
    EXPECT_EQ(not_done, (futures{all[0], all[2]}));
}

TEST_F(Wait, FirstCompletedReturnsAllThatAreAlreadyDone)
{
    promises[0].set_result(0);
    promises[2].set_result(2);

    const auto [done, not_done] = cf::wait(all, {.return_when = return_when::first_completed});

    EXPECT_EQ(done, (futures{all[0], all[2]}));
    EXPECT_EQ(not_done, futures{all[1]});
}

TEST_F(Wait, FirstExceptionReturnsWhenOneFails)
{
    promises[0].set_result(0);
    std::thread finisher([&] { promises[1].set_exception(failure()); });

    const auto [done, not_done] =
        cf::wait(all, {.timeout = cf::test::watchdog, .return_when = return_when::first_exception});
    finisher.join();

    EXPECT_EQ(done, (futures{all[0], all[1]}));
    EXPECT_EQ(not_done, futures{all[2]});
    EXPECT_TRUE(all[1].exception());
}

TEST_F(Wait, FirstExceptionReturnsAtOnceWhenOneHasFailed)
{
    fail(1);

    const auto [done, not_done] = cf::wait(all, {.return_when = return_when::first_exception});

    EXPECT_EQ(done, futures{all[1]});
}

TEST_F(Wait, FirstExceptionDoesNotCountCancelledOnes)
{
    all[0].cancel();

    const auto [done, not_done] =
        cf::wait(all, {.timeout = 0s, .return_when = return_when::first_exception});

    EXPECT_EQ(done, futures{all[0]});
    EXPECT_EQ(not_done, (futures{all[1], all[2]}));
}

TEST_F(Wait, FirstExceptionIsAllCompletedWhenNoneFails)
{
    std::thread finisher([&] {
        promises[0].set_result(0);
        promises[1].set_result(1);
        promises[2].get_future().cancel();
    });

    const auto [done, not_done] =
        cf::wait(all, {.timeout = cf::test::watchdog, .return_when = return_when::first_exception});
    finisher.join();

    EXPECT_EQ(done, all);
}

TEST_F(Wait, ATimeoutReturnsWhatIsDone)
{
    promises[1].set_result(1);

    for (const cf::timeout limit : {cf::timeout(0s), cf::timeout(-1s), cf::timeout(1ms)}) {
        const auto [done, not_done] = cf::wait(all, {.timeout = limit});

        EXPECT_EQ(done, futures{all[1]});
        EXPECT_EQ(not_done, (futures{all[0], all[2]}));
    }
}

TEST_F(Wait, NothingReturnsAtOnceForEveryCondition)
{
    for (const auto condition :
         {return_when::first_completed, return_when::first_exception, return_when::all_completed}) {
        const auto [done, not_done] = cf::wait(futures(), {.return_when = condition});

        EXPECT_TRUE(done.empty());
        EXPECT_TRUE(not_done.empty());
    }
}

TEST_F(Wait, CountsDuplicatesOnce)
{
    promises[0].set_result(0);

    const auto [done, not_done] = cf::wait(futures{all[0], all[1], all[0], all[1]},
                                           {.return_when = return_when::first_completed});

    EXPECT_EQ(done, futures{all[0]});
    EXPECT_EQ(not_done, futures{all[1]});
}

TEST_F(Wait, ACancelledFutureIsDone)
{
    std::thread canceller([&] { all[0].cancel(); });

    const auto [done, not_done] = cf::wait(futures{all[0]}, {.timeout = cf::test::watchdog});
    canceller.join();

    EXPECT_EQ(done, futures{all[0]});
}

TEST_F(Wait, AFutureCancelledInAQueueIsDone)
{
    cf::manual_executor executor;
    const futures queued{executor.submit([] { return 1; }), executor.submit([] { return 2; })};

    executor.shutdown({.wait = false, .cancel_futures = true});

    EXPECT_EQ(cf::wait(queued, {.timeout = 0s}).done, queued);
}

TEST_F(Wait, MixesValueTypes)
{
    const auto text = cf::make_ready_future(std::string("text"));
    const auto nothing = cf::make_ready_future();

    const auto [done, not_done] = cf::wait({text, nothing, all[0]}, {.timeout = 0s});

    EXPECT_EQ(done, (std::vector<cf::any_future>{text, nothing}));
    EXPECT_EQ(not_done, (std::vector<cf::any_future>{all[0]}));
}

TEST_F(Wait, TakesAnyInputRangeAndReadsEachElementOnce)
{
    promises[0].set_result(0);
    int read = 0;
    const generated_input generated(
        [&](std::size_t index) {
            ++read;
            return all[index];
        },
        3);

    const auto [done, not_done] = cf::wait(generated, {.timeout = 0s});

    EXPECT_EQ(read, 3);
    EXPECT_EQ(done, futures{all[0]});
    EXPECT_EQ(
        cf::wait(std::list<int_future>(all.begin(), all.end()), {.timeout = 0s}).not_done.size(),
        2U);
}

TEST_F(Wait, TakesMapsKeyedByFutures)
{
    promises[0].set_result(0);
    const std::unordered_map<int_future, std::string> hashed{{all[0], "a"}, {all[1], "b"}};
    const std::map<int_future, std::string> sorted{{all[0], "a"}, {all[1], "b"}};

    EXPECT_EQ(cf::wait(hashed, {.timeout = 0s}).done, futures{all[0]});
    EXPECT_EQ(cf::wait(sorted, {.timeout = 0s}).not_done, futures{all[1]});
}

TEST_F(Wait, RefusesAHandleWithoutATask)
{
    EXPECT_THROW(cf::wait(futures{all[0], int_future()}, {.timeout = 0s}), cf::invalid_state_error);
}

TEST_F(Wait, TakesItsRegistrationsBack)
{
    for (int round = 0; round != 100; ++round) {
        cf::wait(all, {.timeout = 0s});
    }

    promises[0].set_result(0); // would tell a hundred dead waiters
}

TEST_F(Wait, ResultPrintsBothParts)
{
    promises[0].set_result(0);
    std::ostringstream out;

    out << cf::wait(futures{all[0]}, {.timeout = 0s});

    EXPECT_EQ(out.str(), "done={" + to_string(all[0]) + "}, not_done={}");
}

// as_completed()

using AsCompleted = SeveralFutures;

template <typename Range>
std::vector<typename Range::iterator::value_type> in_order(Range range)
{
    std::vector<typename Range::iterator::value_type> order;
    for (auto future : range) {
        EXPECT_TRUE(future.done());
        order.push_back(future);
    }
    return order;
}

TEST_F(AsCompleted, YieldsInTheOrderOfCompletion)
{
    auto completed = cf::as_completed(all);
    promises[2].set_result(2);
    all[0].cancel();
    promises[1].set_exception(failure());

    EXPECT_EQ(in_order(std::move(completed)), (futures{all[2], all[0], all[1]}));
    EXPECT_TRUE(all[1].exception());
}

TEST_F(AsCompleted, YieldsTheAlreadyDoneFirstInInputOrder)
{
    promises[2].set_result(2);
    promises[1].set_result(1);
    auto completed = cf::as_completed(all);
    promises[0].set_result(0);

    EXPECT_EQ(in_order(std::move(completed)), (futures{all[1], all[2], all[0]}));
}

TEST_F(AsCompleted, BlocksUntilTheNextIsDone)
{
    std::thread finisher([&] {
        for (const auto& promise : promises) {
            promise.set_result(1);
        }
    });

    EXPECT_EQ(in_order(cf::as_completed(all, {.timeout = cf::test::watchdog})), all);
    finisher.join();
}

TEST_F(AsCompleted, YieldsDuplicatesOnce)
{
    promises[0].set_result(0);

    EXPECT_EQ(in_order(cf::as_completed(futures{all[0], all[0]})), futures{all[0]});
}

TEST_F(AsCompleted, YieldsDoneOnesAndThenTimesOutWithTheNumbers)
{
    promises[1].set_result(1);
    for (const cf::timeout limit : {cf::timeout(0s), cf::timeout(-1s), cf::timeout(1ms)}) {
        futures seen;
        try {
            for (auto future : cf::as_completed(all, {.timeout = limit})) {
                seen.push_back(future);
            }
            ADD_FAILURE() << "no time-out";
        } catch (const cf::timeout_error& error) {
            EXPECT_STREQ(error.what(), "2 (of 3) futures unfinished");
            EXPECT_EQ(error.unfinished(), 2U);
            EXPECT_EQ(error.total(), 3U);
        }
        EXPECT_EQ(seen, futures{all[1]});
    }
}

TEST_F(AsCompleted, ReadsItsInputAtTheCall)
{
    int read = 0;
    const generated_input generated(
        [&](std::size_t index) {
            ++read;
            return all[index];
        },
        3);

    const auto completed = cf::as_completed(generated);

    EXPECT_EQ(read, 3);
}

TEST_F(AsCompleted, CountsTheTimeFromTheCall)
{
    const auto soon = std::chrono::steady_clock::now() + 1ms;
    auto completed = cf::as_completed(futures{all[0]}, {.timeout = 1ms});
    EXPECT_FALSE(all[0].wait_until(soon + 1ms)); // the time passes before the first step

    promises[0].set_result(0);

    EXPECT_EQ(in_order(std::move(completed)), futures{all[0]}); // done ones come in spite of it
    auto late = cf::as_completed(futures{all[1]}, {.timeout = soon});
    EXPECT_THROW(late.begin(), cf::timeout_error);
}

TEST_F(AsCompleted, OfNothingYieldsNothing)
{
    EXPECT_TRUE(in_order(cf::as_completed(futures())).empty());
    EXPECT_TRUE(in_order(cf::as_completed(futures(), {.timeout = 0s})).empty());
}

TEST_F(AsCompleted, KeepsNoHandleToWhatItYielded)
{
    tracked_counts counts;
    std::vector<cf::future<tracked>> given;
    for (int value : {0, 1}) {
        given.push_back(cf::make_ready_future<tracked>(counts, value));
    }
    auto completed = cf::as_completed(std::exchange(given, {}));
    int alive = 2;

    for (auto future : completed) {
        EXPECT_EQ(counts.alive, alive--);
        future = {};
        EXPECT_EQ(counts.alive, alive);
    }
}

TEST_F(AsCompleted, OtherFuturesMayFinishInTheLoop)
{
    promises[0].set_result(0);
    futures seen;

    for (auto future : cf::as_completed(all, {.timeout = 0s})) {
        seen.push_back(future);
        if (seen.size() < 3) {
            promises[seen.size()].set_result(1);
        }
    }

    EXPECT_EQ(seen, all);
}

TEST_F(AsCompleted, LeftEarlyLeavesTheFuturesAlone)
{
    promises[0].set_result(0);
    for (auto future : cf::as_completed(all)) {
        EXPECT_EQ(future, all[0]);
        break;
    }

    promises[1].set_result(1); // tells nobody

    EXPECT_FALSE(all[2].done());
}

TEST_F(AsCompleted, YieldsFuturesCancelledInAQueue)
{
    cf::manual_executor executor;
    const futures queued{executor.submit([] { return 1; }), executor.submit([] { return 2; })};
    auto completed = cf::as_completed(queued, {.timeout = 0s});

    executor.shutdown({.wait = false, .cancel_futures = true});

    EXPECT_EQ(in_order(std::move(completed)).size(), 2U);
}

TEST_F(AsCompleted, TakesMapsKeyedByFuturesAndMixedTypes)
{
    promises[0].set_result(0);
    promises[1].set_result(1);
    const std::map<int_future, std::string> names{{all[0], "zero"}, {all[1], "one"}};
    std::string seen;

    for (auto future : cf::as_completed(names)) {
        seen += names.at(future) + " ";
    }

    EXPECT_TRUE(seen == "zero one " || seen == "one zero ") << seen;
    EXPECT_EQ(
        in_order(cf::as_completed({cf::make_ready_future(), cf::make_ready_future(1)})).size(), 2U);
}

TEST_F(AsCompleted, RefusesAHandleWithoutATask)
{
    EXPECT_THROW(cf::as_completed(futures{int_future()}), cf::invalid_state_error);
}

TEST_F(AsCompleted, HasAnAsynchronousForm)
{
    auto completed = cf::as_completed(futures{all[0], all[1]});

    auto first = completed.async_next();
    EXPECT_FALSE(first.done());
    promises[1].set_result(1);
    EXPECT_EQ(first.result(0s), all[1]);
    promises[0].set_result(0);
    EXPECT_EQ(completed.async_next().result(0s), all[0]);
    EXPECT_EQ(completed.async_next().result(0s), std::nullopt);
}

// completion_queue

using CompletionQueue = SeveralFutures;

TEST_F(CompletionQueue, GivesFuturesOutInTheOrderOfCompletion)
{
    cf::completion_queue<int_future> queue;
    for (const auto& future : all) {
        queue.add(future);
    }
    EXPECT_EQ(queue.size(), 3U);
    EXPECT_EQ(queue.try_pop(), std::nullopt);

    promises[1].set_result(1);
    promises[0].set_result(0);

    EXPECT_EQ(queue.pop(), all[1]);
    EXPECT_EQ(queue.try_pop(), all[0]);
    EXPECT_EQ(queue.size(), 1U);
    EXPECT_FALSE(queue.empty());
}

TEST_F(CompletionQueue, KeepsTheOrderOfAddingForDoneOnes)
{
    promises[2].set_result(2);
    promises[1].set_result(1);
    cf::completion_queue<int_future> queue;
    queue.add(all[1]);
    queue.add(all[2]);
    queue.add(all[1]);

    EXPECT_EQ(queue.pop(), all[1]);
    EXPECT_EQ(queue.pop(), all[2]);
    EXPECT_EQ(queue.pop(), all[1]); // a future added twice comes out twice
    EXPECT_TRUE(queue.empty());
}

TEST_F(CompletionQueue, PopTimesOut)
{
    cf::completion_queue<int_future> queue;

    EXPECT_THROW(queue.pop(0s), cf::timeout_error);
    queue.add(all[0]);
    EXPECT_THROW(queue.pop(1ms), cf::timeout_error);
}

TEST_F(CompletionQueue, MoreCanBeAddedWhileAnotherThreadWaits)
{
    cf::completion_queue<int_future> queue;
    futures popped;

    std::thread consumer([&] {
        popped.push_back(queue.pop(cf::test::watchdog));
        popped.push_back(queue.pop(cf::test::watchdog));
    });
    queue.add(all[0]);
    promises[0].set_result(0);
    promises[1].set_result(1);
    queue.add(all[1]);
    consumer.join();

    EXPECT_EQ(popped, (futures{all[0], all[1]}));
}

TEST_F(CompletionQueue, AsyncPopsAreServedInOrder)
{
    cf::completion_queue<int_future> queue;
    auto first = queue.async_pop();
    auto second = queue.async_pop();

    queue.add(all[0]);
    queue.add(all[1]);
    promises[1].set_result(1);
    promises[0].set_result(0);

    EXPECT_EQ(first.result(0s), all[1]);
    EXPECT_EQ(second.result(0s), all[0]);
    EXPECT_TRUE(queue.empty());
}

TEST_F(CompletionQueue, AnAsyncPopHasTakenTheFutureOutWhenItIsDone)
{
    cf::completion_queue<int_future> queue;
    std::optional<std::size_t> left;
    queue.async_pop().add_done_callback([&](const cf::any_future&) { left = queue.size(); });
    queue.add(all[0]);
    queue.add(all[1]);

    promises[0].set_result(0);

    EXPECT_EQ(left, 1u);
}

TEST_F(CompletionQueue, ACancelledAsyncPopTakesNothingOut)
{
    cf::completion_queue<int_future> queue;
    const auto first = queue.async_pop();
    const auto second = queue.async_pop();
    queue.add(all[0]);
    queue.add(all[1]);

    EXPECT_TRUE(first.cancel());
    promises[0].set_result(0);
    promises[1].set_result(1);

    EXPECT_EQ(second.result(0s), all[0]);
    EXPECT_EQ(queue.pop(0s), all[1]);
}

TEST_F(CompletionQueue, DestroyedCancelsAsyncPopsAndLeavesTheFutures)
{
    std::optional<cf::completion_queue<int_future>> queue(std::in_place);
    const auto popped = queue->async_pop();
    queue->add(all[0]);

    queue.reset();
    promises[0].set_result(0);

    EXPECT_TRUE(popped.cancelled());
    EXPECT_EQ(all[0].result(), 0);
}

TEST_F(CompletionQueue, MayBeDestroyedByACallbackOfAnAsyncPop)
{
    auto queue = std::make_unique<cf::completion_queue<int_future>>();
    queue->async_pop().add_done_callback([&](const cf::any_future&) { queue.reset(); });
    queue->add(all[0]);
    queue->add(all[1]);

    promises[0].set_result(0);

    EXPECT_EQ(queue, nullptr);
}

TEST_F(CompletionQueue, RefusesAHandleWithoutATask)
{
    cf::completion_queue<int_future> queue;

    EXPECT_THROW(queue.add(int_future()), cf::invalid_state_error);
    EXPECT_TRUE(queue.empty());
}

// when_all()

using WhenAll = SeveralFutures;

TEST_F(WhenAll, GivesATupleOfDifferentTypes)
{
    int target = 1;
    const cf::promise<int> last;

    const auto gathered = cf::when_all(cf::make_ready_future(std::string("a")),
                                       cf::make_ready_future(),
                                       cf::make_ready_future<int&>(target),
                                       last.get_future());
    EXPECT_FALSE(gathered.done());
    last.set_result(3);

    const auto& [text, nothing, reference, number] = gathered.result(0s);
    EXPECT_EQ(text, "a");
    EXPECT_EQ(nothing, std::monostate());
    EXPECT_EQ(&reference.get(), &target);
    EXPECT_EQ(number, 3);
}

TEST_F(WhenAll, GivesAVectorInInputOrder)
{
    const auto gathered = cf::when_all(all);

    promises[2].set_result(2);
    promises[0].set_result(0);
    EXPECT_FALSE(gathered.done());
    promises[1].set_result(1);

    EXPECT_EQ(gathered.result(0s), (std::vector{0, 1, 2}));
}

TEST_F(WhenAll, OfAnEmptyRangeSucceedsAtOnce)
{
    EXPECT_TRUE(cf::when_all(futures()).result(0s).empty());
    EXPECT_EQ(cf::when_all(std::vector<cf::future<void>>()).result(0s), std::monostate());
}

TEST_F(WhenAll, FailsAsSoonAsOneFails)
{
    const auto gathered = cf::when_all(all);

    promises[1].set_exception(failure("second"));

    EXPECT_EQ(message_of<std::runtime_error>([&] { gathered.result(0s); }), "second");
    EXPECT_FALSE(all[0].done());
}

TEST_F(WhenAll, IsCancelledAsSoonAsOneIs)
{
    const auto gathered = cf::when_all(all);

    all[1].cancel();

    EXPECT_TRUE(gathered.cancelled());
    EXPECT_FALSE(all[0].done());
}

TEST_F(WhenAll, CancelledLeavesTheInputsAlone)
{
    const auto gathered = cf::when_all(all);

    EXPECT_TRUE(gathered.cancel());

    EXPECT_FALSE(all[0].done());
}

TEST_F(WhenAll, MovesFromTheOnlyHandlesAndTakesMoveOnlyValues)
{
    tracked_counts counts;
    std::vector<cf::future<tracked>> inputs;
    inputs.push_back(cf::make_ready_future<tracked>(counts, 1));

    const auto gathered = cf::when_all(std::exchange(inputs, {}));
    const auto pointers = cf::when_all(cf::make_ready_future(std::make_unique<int>(2)));

    EXPECT_EQ(gathered.result(0s).at(0).value(), 1);
    EXPECT_EQ(counts.copied, 0);
    EXPECT_EQ(*std::get<0>(pointers.result(0s)), 2);
}

TEST_F(WhenAll, ReportsTheFailuresThatItDoesNotPassOn)
{
    const cf::promise<int> first;
    const cf::promise<int> second;
    const auto gathered = cf::when_all(first.get_future(), second.get_future());

    first.set_exception(failure("passed on"));
    second.set_exception(failure("left over"));

    EXPECT_EQ(error_reports::message(gathered.exception()), "passed on");
    EXPECT_EQ(error_reports::message(reports.take_only().exception), "left over");
}

TEST_F(WhenAll, RefusesAHandleWithoutATask)
{
    EXPECT_THROW(cf::when_all(int_future()), cf::invalid_state_error);
    EXPECT_THROW(cf::when_all(futures{int_future()}), cf::invalid_state_error);
}

// when_any()

using WhenAny = SeveralFutures;

TEST_F(WhenAny, GivesTheFirstOneAndItsIndex)
{
    const auto first = cf::when_any(all);
    EXPECT_FALSE(first.done());

    promises[1].set_result(1);
    promises[0].set_result(0);

    EXPECT_EQ(first.result(0s).index, 1U);
    EXPECT_EQ(first.result(0s).future, all[1]);
}

TEST_F(WhenAny, CountsFailureAndCancellationAsDone)
{
    const auto failed = cf::when_any(futures{all[0]});
    const auto cancelled = cf::when_any(futures{all[1]});

    fail(0);
    all[1].cancel();

    EXPECT_EQ(failed.result(0s).future, all[0]);
    EXPECT_EQ(cancelled.result(0s).future, all[1]);
}

TEST_F(WhenAny, ChoosesTheFirstInInputOrderOfThoseAlreadyDone)
{
    promises[2].set_result(2);
    promises[1].set_result(1);

    EXPECT_EQ(cf::when_any(all).result(0s).index, 1U);
}

TEST_F(WhenAny, MixesValueTypes)
{
    EXPECT_EQ(cf::when_any({all[0], cf::make_ready_future()}).result(0s).index, 1U);
}

TEST_F(WhenAny, RefusesAnEmptyRangeAndAHandleWithoutATask)
{
    EXPECT_THROW(cf::when_any(futures()), std::invalid_argument);
    EXPECT_THROW(cf::when_any(futures{int_future()}), cf::invalid_state_error);
}

} // namespace
