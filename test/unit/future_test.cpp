// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// Future: queries, results of every kind of type, cancellation, identity and text.

#include <cofutures/any_future.hpp>
#include <cofutures/future.hpp>
#include <cofutures/promise.hpp>

#include "support/error_reports.hpp"
#include "support/expect_error.hpp"
#include "support/gate.hpp"
#include "support/tracked.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace cf = cofutures;
using namespace std::chrono_literals;
using cf::test::error_reports;
using cf::test::gate;
using cf::test::message_of;
using cf::test::tracked;
using cf::test::tracked_counts;

namespace {

struct alignas(64) over_aligned {
    int value = 0;
};

struct not_default_constructible {
    explicit not_default_constructible(int value_) : value(value_) {}
    int value;
};

struct immovable {
    explicit immovable(int value_) : value(value_) {}
    immovable(const immovable&) = delete;
    immovable& operator=(const immovable&) = delete;
    int value;
};

struct throwing_copy {
    explicit throwing_copy(int value_) : value(value_) {}
    throwing_copy(const throwing_copy&) { throw std::runtime_error("no copy today"); }
    throwing_copy(throwing_copy&& other) noexcept : value(other.value) {}
    int value;
};

// The states

TEST(FutureQueries, OfAPendingTaskAreAllFalse)
{
    const cf::promise<int> promise;
    const auto future = promise.get_future();

    EXPECT_TRUE(future.valid());
    EXPECT_FALSE(future.done());
    EXPECT_FALSE(future.running());
    EXPECT_FALSE(future.cancelled());
}

TEST(FutureQueries, RunningIsTrueOnlyWhileRunning)
{
    const cf::promise<int> promise;
    const auto future = promise.get_future();

    promise.set_running_or_notify_cancel();
    EXPECT_TRUE(future.running());
    EXPECT_FALSE(future.done());

    promise.set_result(1);
    EXPECT_FALSE(future.running());
    EXPECT_TRUE(future.done());
}

TEST(FutureQueries, CancelledIsTrueOnlyAfterCancel)
{
    const cf::promise<int> cancelled;
    const cf::promise<int> finished;
    const cf::promise<int> failed;
    const auto future = cancelled.get_future();
    const auto failure = failed.get_future();

    future.cancel();
    finished.set_result(1);
    failed.set_exception(std::make_exception_ptr(std::runtime_error("x")));

    EXPECT_TRUE(future.cancelled());
    EXPECT_FALSE(finished.get_future().cancelled());
    EXPECT_FALSE(failure.cancelled());
    EXPECT_TRUE(failure.exception());
}

TEST(FutureQueries, DoneIsTrueForEveryEnd)
{
    const cf::promise<int> cancelled;
    const cf::promise<int> finished;
    const cf::promise<int> failed;
    const auto failure = failed.get_future();

    cancelled.get_future().cancel();
    finished.set_result(1);
    failed.set_exception(std::make_exception_ptr(std::runtime_error("x")));

    EXPECT_TRUE(cancelled.get_future().done());
    EXPECT_TRUE(finished.get_future().done());
    EXPECT_TRUE(failure.done());
    EXPECT_TRUE(failure.exception());
}

TEST(FutureQueries, AreRefusedByAHandleWithoutATask)
{
    const cf::future<int> empty;

    EXPECT_FALSE(empty.valid());
    EXPECT_THROW(static_cast<void>(empty.done()), cf::invalid_state_error);
    EXPECT_THROW(static_cast<void>(empty.running()), cf::invalid_state_error);
    EXPECT_THROW(static_cast<void>(empty.cancelled()), cf::invalid_state_error);
    EXPECT_THROW(empty.cancel(), cf::invalid_state_error);
    EXPECT_THROW(empty.request_stop(), cf::invalid_state_error);
    EXPECT_THROW(empty.wait(), cf::invalid_state_error);
    EXPECT_THROW(empty.wait_for(0s), cf::invalid_state_error);
    EXPECT_THROW(empty.wait_until({}), cf::invalid_state_error);
    EXPECT_THROW(empty.result(), cf::invalid_state_error);
    EXPECT_THROW(empty.take(), cf::invalid_state_error);
    EXPECT_THROW(empty.exception(), cf::invalid_state_error);
    EXPECT_THROW(empty.add_done_callback([](const cf::any_future&) {}), cf::invalid_state_error);
    EXPECT_THROW(empty.then([](int) {}), cf::invalid_state_error);
}

TEST(FutureQueries, AMovedFromHandleHasNoTask)
{
    const cf::promise<int> promise;
    auto future = promise.get_future();

    const auto moved = std::move(future);

    EXPECT_FALSE(future.valid()); // NOLINT(bugprone-use-after-move): what is tested
    EXPECT_TRUE(moved.valid());
}

// result()

TEST(FutureResult, IsTheSameObjectForEveryCallAndHandle)
{
    const auto future = cf::make_ready_future(std::string("value"));
    const auto copy = future;

    EXPECT_EQ(future.result(), "value");
    EXPECT_EQ(&future.result(), &future.result());
    EXPECT_EQ(&future.result(), &copy.result());
}

TEST(FutureResult, WakesEveryThreadThatWaitsForIt)
{
    const cf::promise<int> promise;
    const auto future = promise.get_future();
    std::vector<int> seen(4);

    std::vector<std::thread> readers;
    for (int& slot : seen) {
        readers.emplace_back([&slot, future] { slot = future.result(); });
    }
    promise.set_result(7);
    for (auto& reader : readers) {
        reader.join();
    }

    EXPECT_EQ(seen, std::vector(4, 7));
}

TEST(FutureResult, RethrowsTheSameExceptionObjectEachTime)
{
    const auto future = cf::make_exceptional_future<int>(std::runtime_error("broken"));
    const void* first = nullptr;
    const void* second = nullptr;

    try {
        future.result();
    } catch (const std::runtime_error& error) {
        first = &error;
        EXPECT_STREQ(error.what(), "broken");
    }
    try {
        future.result();
    } catch (const std::runtime_error& error) {
        second = &error;
    }

    EXPECT_NE(first, nullptr);
    EXPECT_EQ(first, second);
}

TEST(FutureResult, OfACancelledTaskThrowsAtOnceWithAnyLimit)
{
    const cf::promise<int> promise;
    const auto future = promise.get_future();

    future.cancel();

    EXPECT_THROW(future.result(), cf::cancelled_error);
    EXPECT_THROW(future.result(0s), cf::cancelled_error);
    EXPECT_THROW(future.result(-1s), cf::cancelled_error);
    EXPECT_THROW(future.exception(), cf::cancelled_error);
    EXPECT_THROW(future.exception(0s), cf::cancelled_error);
}

TEST(FutureResult, WakesWithCancelledErrorWhenAnotherThreadCancels)
{
    const cf::promise<int> promise;
    const auto future = promise.get_future();
    gate waiting;
    bool cancelled = false;

    std::thread reader([&] {
        waiting.open();
        try {
            future.result(cf::test::watchdog);
        } catch (const cf::cancelled_error&) {
            cancelled = true;
        }
    });
    waiting.wait();
    future.cancel();
    reader.join();

    EXPECT_TRUE(cancelled);
}

TEST(FutureResult, TimesOutAndLeavesTheTaskAlone)
{
    const cf::promise<int> promise;
    const auto future = promise.get_future();

    EXPECT_THROW(future.result(0s), cf::timeout_error);
    EXPECT_THROW(future.result(1ms), cf::timeout_error);
    EXPECT_THROW(future.result(-1s), cf::timeout_error);
    EXPECT_THROW(future.exception(0s), cf::timeout_error);
    EXPECT_THROW(future.take(0s), cf::timeout_error);
    EXPECT_FALSE(future.done());

    promise.set_result(1);
    EXPECT_EQ(future.result(0s), 1);
}

TEST(FutureResult, LooksAtTheStateBeforeTheClock)
{
    const auto future = cf::make_ready_future(1);

    EXPECT_EQ(future.result(0s), 1);
    EXPECT_EQ(future.result(-1h), 1);
    EXPECT_EQ(future.result(std::chrono::steady_clock::time_point::min()), 1);
    EXPECT_EQ(future.exception(-1h), nullptr);
    EXPECT_TRUE(future.wait_for(-1h));
    EXPECT_TRUE(future.wait_until(std::chrono::steady_clock::time_point::min()));
}

TEST(FutureResult, ATimeoutErrorOfTheTaskIsToldFromNotReadyInTime)
{
    const auto future = cf::make_exceptional_future<int>(cf::timeout_error("the task's own"));

    EXPECT_TRUE(future.wait_for(0s)); // in time, whatever the outcome
    EXPECT_EQ(message_of<cf::timeout_error>([&] { future.result(0s); }), "the task's own");
}

TEST(FutureResult, OfVoidIsNothing)
{
    const auto future = cf::make_ready_future();

    static_assert(std::is_void_v<decltype(future.result())>);
    future.result();
    cf::future<void>(future).result();
    EXPECT_TRUE(future.done());
}

TEST(FutureResult, OfAReferenceIsTheReferredObject)
{
    int target = 1;
    const auto future = cf::make_ready_future<int&>(target);

    static_assert(std::is_same_v<decltype(future.result()), int&>);
    future.result() = 2;

    EXPECT_EQ(target, 2);
    EXPECT_EQ(&cf::future<int&>(future).result(), &target);
    EXPECT_EQ(&future.take(), &target);
    EXPECT_THROW(future.take(), cf::invalid_state_error);
}

TEST(FutureResult, MayBeMoveOnly)
{
    auto future = cf::make_ready_future(std::make_unique<int>(7));

    EXPECT_EQ(*future.result(), 7);
    const std::unique_ptr<int> taken = std::move(future).result();
    EXPECT_EQ(*taken, 7);
}

TEST(FutureResult, OfAnExpiringHandleTakesAMoveOnlyValueFromTheOthers)
{
    auto future = cf::make_ready_future(std::make_unique<int>(7));
    const auto other = future;

    EXPECT_EQ(*std::move(future).result(), 7);

    EXPECT_THROW(other.result(), cf::invalid_state_error);
}

TEST(FutureResult, MayBeOverAligned)
{
    const auto future = cf::make_ready_future(over_aligned{7});

    EXPECT_EQ(future.result().value, 7);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&future.result()) % alignof(over_aligned), 0U);
}

TEST(FutureResult, NeedsNoDefaultConstructorAndNoMove)
{
    const auto future = cf::make_ready_future<not_default_constructible>(7);
    const auto fixed = cf::make_ready_future<immovable>(8);

    EXPECT_EQ(future.result().value, 7);
    EXPECT_EQ(fixed.result().value, 8);
}

TEST(FutureResult, MayBeConst)
{
    const auto future = cf::make_ready_future<const int>(7);

    EXPECT_EQ(future.result(), 7);
}

TEST(FutureResult, AnExceptionPointerAsValueIsNotAFailure)
{
    const auto error = std::make_exception_ptr(std::runtime_error("a value"));
    const auto future = cf::make_ready_future(error);
    const auto null = cf::make_ready_future(std::exception_ptr());

    EXPECT_EQ(future.exception(), nullptr);
    EXPECT_EQ(future.result(), error);
    EXPECT_EQ(null.result(), nullptr);
}

TEST(FutureResult, OfTheOnlyHandleMovesTheValue)
{
    tracked_counts counts;
    auto future = cf::make_ready_future<tracked>(counts, 7);
    counts.moved = 0;

    const tracked value = std::move(future).result();

    EXPECT_EQ(value.value(), 7);
    EXPECT_EQ(counts.copied, 0);
    EXPECT_EQ(counts.moved, 1);
}

TEST(FutureResult, OfAnExpiringHandleCopiesWhileAnotherExists)
{
    tracked_counts counts;
    auto future = cf::make_ready_future<tracked>(counts, 7);
    const auto other = future;

    const tracked value = std::move(future).result();

    EXPECT_EQ(value.value(), 7);
    EXPECT_EQ(counts.copied, 1);
    EXPECT_EQ(other.result().value(), 7);
}

TEST(FutureResult, ACopyThatThrowsLeavesTheValueThere)
{
    auto future = cf::make_ready_future<throwing_copy>(7);
    const auto other = future;

    EXPECT_EQ(message_of<std::runtime_error>([&] { std::move(future).result(); }), "no copy today");

    EXPECT_EQ(other.result().value, 7);
}

TEST(FutureResult, LivesAsLongAsAHandle)
{
    tracked_counts counts;
    auto future = cf::make_ready_future<tracked>(counts);
    auto copy = future;

    future = {};
    EXPECT_EQ(counts.alive, 1);
    copy = {};

    EXPECT_EQ(counts.alive, 0);
}

// take()

TEST(FutureTake, MovesTheValueOutOnce)
{
    tracked_counts counts;
    const auto future = cf::make_ready_future<tracked>(counts, 7);
    counts.moved = 0;

    EXPECT_EQ(future.take().value(), 7);

    EXPECT_EQ(counts.moved, 1);
    EXPECT_EQ(counts.copied, 0);
    EXPECT_THROW(future.take(), cf::invalid_state_error);
    EXPECT_THROW(future.result(), cf::invalid_state_error);
    EXPECT_TRUE(future.done());
    EXPECT_EQ(future.exception(), nullptr);
}

TEST(FutureTake, ThrowsTheFailureEachTime)
{
    const auto future = cf::make_exceptional_future<int>(std::runtime_error("broken"));

    EXPECT_THROW(future.take(), std::runtime_error);
    EXPECT_THROW(future.take(), std::runtime_error);
}

TEST(FutureTake, OfVoidWorksOnceToo)
{
    const auto future = cf::make_ready_future();

    future.take();

    EXPECT_THROW(future.take(), cf::invalid_state_error);
}

// exception()

TEST(FutureException, IsNullOnSuccess)
{
    EXPECT_EQ(cf::make_ready_future(1).exception(), nullptr);
}

TEST(FutureException, IsTheFailureAndDoesNotThrowIt)
{
    const auto error = std::make_exception_ptr(std::runtime_error("x"));

    EXPECT_EQ(cf::make_exceptional_future<int>(error).exception(), error);
}

TEST(FutureException, BlocksUntilTheTaskIsDone)
{
    const cf::promise<int> promise;
    const auto future = promise.get_future();
    std::exception_ptr seen;

    std::thread reader([&] { seen = future.exception(); });
    promise.set_exception(std::make_exception_ptr(std::runtime_error("late")));
    reader.join();

    EXPECT_EQ(error_reports::message(seen), "late");
}

// wait()

TEST(FutureWait, WaitForReturnsWhetherTheTaskIsDone)
{
    const cf::promise<int> promise;
    const auto future = promise.get_future();

    EXPECT_FALSE(future.wait_for(0s));
    EXPECT_FALSE(future.wait_for(1ms));
    EXPECT_FALSE(future.wait_until(std::chrono::steady_clock::now()));
    promise.set_result(1);
    EXPECT_TRUE(future.wait_for(0s));
    future.wait();
}

TEST(FutureWait, NeverThrowsForTheOutcome)
{
    const auto failed = cf::make_exceptional_future<int>(std::runtime_error("x"));
    const cf::promise<int> promise;
    const auto cancelled = promise.get_future();
    cancelled.cancel();

    EXPECT_TRUE(failed.wait_for(0s));
    EXPECT_TRUE(cancelled.wait_for(0s));
    EXPECT_NO_THROW(failed.wait());

    EXPECT_NE(failed.exception(), nullptr);
}

TEST(FutureWait, AHugeLimitIsForEver)
{
    const cf::promise<int> promise;
    const auto future = promise.get_future();
    bool done = false;

    std::thread waiter([&] { done = future.wait_for(std::chrono::hours::max()); });
    promise.set_result(1);
    waiter.join();

    EXPECT_TRUE(done);
}

// cancel(), request_stop()

TEST(FutureCancel, SucceedsOnAPendingTask)
{
    const cf::promise<int> promise;
    const auto future = promise.get_future();

    EXPECT_TRUE(future.cancel());

    EXPECT_TRUE(future.cancelled());
    EXPECT_TRUE(future.done());
}

TEST(FutureCancel, FailsOnARunningTask)
{
    const cf::promise<int> promise;
    const auto future = promise.get_future();
    promise.set_running_or_notify_cancel();

    EXPECT_FALSE(future.cancel());

    EXPECT_TRUE(future.running());
}

TEST(FutureCancel, FailsOnAFinishedTask)
{
    const auto future = cf::make_ready_future(1);
    const auto failed = cf::make_exceptional_future<int>(std::runtime_error("x"));

    EXPECT_FALSE(future.cancel());
    EXPECT_FALSE(failed.cancel());

    EXPECT_EQ(future.result(), 1);
    EXPECT_THROW(failed.result(), std::runtime_error);
}

TEST(FutureCancel, SucceedsAgainWithoutRunningCallbacksAgain)
{
    const cf::promise<int> promise;
    const auto future = promise.get_future();
    int calls = 0;
    future.add_done_callback([&](const cf::any_future&) { ++calls; });

    EXPECT_TRUE(future.cancel());
    EXPECT_TRUE(future.cancel());

    EXPECT_EQ(calls, 1);
}

TEST(FutureCancel, RunsCallbacksInTheCancellingThread)
{
    const cf::promise<int> promise;
    const auto future = promise.get_future();
    std::thread::id ran_on;
    future.add_done_callback([&](const cf::any_future&) { ran_on = std::this_thread::get_id(); });

    future.cancel();

    EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST(FutureRequestStop, CancelsAPendingTask)
{
    const cf::promise<int> promise;
    const auto future = promise.get_future();

    EXPECT_TRUE(future.request_stop());

    EXPECT_TRUE(future.cancelled());
    EXPECT_FALSE(future.request_stop());
}

TEST(FutureRequestStop, StopsTheTokenOfARunningTaskOnce)
{
    const cf::promise<int> promise;
    const auto future = promise.get_future();
    const auto token = promise.get_stop_token();
    promise.set_running_or_notify_cancel();
    EXPECT_FALSE(token.stop_requested());

    EXPECT_TRUE(future.request_stop());
    EXPECT_FALSE(future.request_stop());

    EXPECT_TRUE(token.stop_requested());
    EXPECT_TRUE(future.running());
}

TEST(FutureRequestStop, LeavesTheOutcomeToTheTask)
{
    const cf::promise<int> promise;
    const auto future = promise.get_future();
    promise.set_running_or_notify_cancel();

    future.request_stop();
    promise.set_result(1);

    EXPECT_EQ(future.result(), 1);
}

TEST(FutureRequestStop, DoesNothingToAFinishedTask)
{
    EXPECT_FALSE(cf::make_ready_future(1).request_stop());
}

// Identity

TEST(FutureIdentity, HandlesOfOneTaskAreEqual)
{
    const cf::promise<int> promise;
    const auto first = promise.get_future();
    const auto second = promise.get_future();
    const cf::promise<int> other;
    const auto third = other.get_future();

    EXPECT_EQ(first, second);
    EXPECT_NE(first, third);
    EXPECT_EQ(first <=> second, std::strong_ordering::equal);
    EXPECT_TRUE((first < third) != (third < first));
    EXPECT_EQ(std::hash<cf::future<int>>()(first), std::hash<cf::future<int>>()(second));
    EXPECT_EQ(cf::any_future(first), cf::any_future(second));
    EXPECT_EQ(std::hash<cf::any_future>()(first), std::hash<cf::future<int>>()(first));
}

TEST(FutureIdentity, EqualValuesOfDifferentTasksAreDifferentFutures)
{
    EXPECT_NE(cf::make_ready_future(1), cf::make_ready_future(1));
}

TEST(FutureIdentity, FuturesAreKeysOfMapsAndSets)
{
    const auto one = cf::make_ready_future(1);
    const auto two = cf::make_ready_future(2);

    const std::unordered_map<cf::future<int>, std::string> hashed{{one, "one"}, {two, "two"}};
    const std::map<cf::future<int>, std::string> sorted{{one, "one"}, {two, "two"}};
    const std::unordered_set<cf::any_future> set{one, two, one};

    EXPECT_EQ(hashed.at(one), "one");
    EXPECT_EQ(sorted.at(two), "two");
    EXPECT_EQ(set.size(), 2U);
    for (const auto& [future, name] : hashed) {
        EXPECT_EQ(future.result(), name == "one" ? 1 : 2); // const keys can be asked everything
    }
}

// Text

TEST(FutureText, ShowsTheStateAsPythonDoes)
{
    const cf::promise<int> promise;
    const auto future = promise.get_future();
    const auto text = [](const cf::any_future& of) {
        const auto whole = to_string(of);
        return whole.substr(whole.find(' ', whole.find(' ') + 1));
    };

    EXPECT_EQ(to_string(future).substr(0, 10), "<future 0x");
    EXPECT_EQ(text(future), " state=pending>");
    promise.set_running_or_notify_cancel();
    EXPECT_EQ(text(future), " state=running>");
    promise.set_result(1);
    EXPECT_EQ(text(future), " state=finished returned int>");

    const cf::promise<int> other;
    other.get_future().cancel();
    EXPECT_EQ(text(other.get_future()), " state=cancelled>");

    const auto failed = cf::make_exceptional_future<int>(std::out_of_range("x"));
    EXPECT_EQ(text(failed), " state=finished raised std::out_of_range>");
    EXPECT_TRUE(failed.exception());
    EXPECT_EQ(text(cf::make_ready_future(std::string())), " state=finished returned std::string>");
    EXPECT_EQ(text(cf::make_ready_future()), " state=finished returned void>");
}

TEST(FutureText, IsTheSameOnAStream)
{
    const auto future = cf::make_ready_future(1);
    std::ostringstream out;

    out << future;

    EXPECT_EQ(out.str(), to_string(future));
}

TEST(FutureText, OfAHandleWithoutATaskSaysSo)
{
    EXPECT_EQ(to_string(cf::future<int>()), "<future invalid>");
}

TEST(FutureText, DoesNotCountAsLookingAtTheFailure)
{
    error_reports reports;
    {
        const auto failed = cf::make_exceptional_future<int>(std::runtime_error("x"));
        static_cast<void>(to_string(failed));
    }

    EXPECT_EQ(reports.take_only().where, cf::error_report::source::unobserved_failure);
}

} // namespace
