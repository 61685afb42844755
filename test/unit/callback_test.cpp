// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// What happens when a future is done: callbacks, continuations, failures nobody looked at.

#include <cofutures/error_handler.hpp>
#include <cofutures/inline_executor.hpp>
#include <cofutures/manual_executor.hpp>
#include <cofutures/promise.hpp>
#include <cofutures/when_any.hpp>

#include "support/error_reports.hpp"
#include "support/expect_error.hpp"
#include "support/gate.hpp"
#include "support/tracked.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
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

std::exception_ptr failure(const char* text = "failed")
{
    return std::make_exception_ptr(std::runtime_error(text));
}

// add_done_callback()

TEST(DoneCallback, ReceivesTheFutureWithItsResult)
{
    const cf::promise<int> promise;
    int seen = 0;
    promise.get_future().add_done_callback(
        [&](const cf::future<int>& done) { seen = done.result(); });

    promise.set_result(7);

    EXPECT_EQ(seen, 7);
}

TEST(DoneCallback, ReceivesTheFutureWithItsFailure)
{
    const cf::promise<int> promise;
    std::string seen;
    promise.get_future().add_done_callback(
        [&](const cf::future<int>& done) { seen = error_reports::message(done.exception()); });

    promise.set_exception(failure());

    EXPECT_EQ(seen, "failed");
}

TEST(DoneCallback, RunsOnCancel)
{
    const cf::promise<int> promise;
    bool cancelled = false;
    promise.get_future().add_done_callback(
        [&](const cf::future<int>& done) { cancelled = done.cancelled(); });

    promise.get_future().cancel();

    EXPECT_TRUE(cancelled);
}

TEST(DoneCallback, RunsAtOnceInThisThreadWhenAlreadyDone)
{
    const auto finished = cf::make_ready_future(1);
    const auto failed = cf::make_exceptional_future<int>(failure());
    const cf::promise<int> promise;
    promise.get_future().cancel();
    std::vector<std::thread::id> ran_on;
    const auto note = [&](const cf::any_future& done) {
        EXPECT_TRUE(done.done());
        ran_on.push_back(std::this_thread::get_id());
    };

    finished.add_done_callback(note);
    failed.add_done_callback(note);
    promise.get_future().add_done_callback(note);

    EXPECT_EQ(ran_on, std::vector(3, std::this_thread::get_id()));
    EXPECT_TRUE(failed.exception());
}

TEST(DoneCallback, RunInTheOrderInWhichTheyWereAdded)
{
    const cf::promise<int> promise;
    std::string order;
    for (const char letter : {'a', 'b', 'c', 'd'}) {
        promise.get_future().add_done_callback(
            [&order, letter](const cf::any_future&) { order += letter; });
    }

    promise.set_result(1);

    EXPECT_EQ(order, "abcd");
}

TEST(DoneCallback, AddedTwiceRunsTwice)
{
    const cf::promise<int> promise;
    int calls = 0;
    const auto count = [&](const cf::any_future&) { ++calls; };
    promise.get_future().add_done_callback(count);
    promise.get_future().add_done_callback(count);

    promise.set_result(1);

    EXPECT_EQ(calls, 2);
}

TEST(DoneCallback, AddedInACallbackRunsBeforeTheLaterOnes)
{
    const cf::promise<int> promise;
    const auto future = promise.get_future();
    std::string order;
    future.add_done_callback([&](const cf::future<int>& done) {
        order += 'a';
        done.add_done_callback([&](const cf::any_future&) { order += 'n'; });
    });
    future.add_done_callback([&](const cf::any_future&) { order += 'b'; });

    promise.set_result(1);

    EXPECT_EQ(order, "anb");
}

TEST(DoneCallback, ThatThrowsIsReportedAndTheOthersRun)
{
    error_reports reports;
    const cf::promise<int> promise;
    bool ran = false;
    promise.get_future().add_done_callback(
        [](const cf::any_future&) { throw std::runtime_error("from a callback"); });
    promise.get_future().add_done_callback([&](const cf::any_future&) { ran = true; });

    promise.set_result(1);

    EXPECT_TRUE(ran);
    const auto report = reports.take_only();
    EXPECT_EQ(report.where, cf::error_report::source::done_callback);
    EXPECT_EQ(error_reports::message(report.exception), "from a callback");
}

TEST(DoneCallback, ThatThrowsAtOnceIsReportedToo)
{
    error_reports reports;

    cf::make_ready_future(1).add_done_callback([](const cf::any_future&) { throw 42; });

    EXPECT_EQ(reports.take_only().where, cf::error_report::source::done_callback);
}

TEST(DoneCallback, OfATaskThatThrowsIsReportedWithTheTasksName)
{
    error_reports reports;
    cf::manual_executor executor;
    const auto future = executor.submit({.name = "resize", .location = std::nullopt}, [] {});
    future.add_done_callback([](const cf::any_future&) { throw std::runtime_error("x"); });

    executor.run();

    EXPECT_EQ(reports.take_only().task, "resize");
}

TEST(DoneCallback, IsDestroyedAfterItRan)
{
    tracked_counts counts;
    const cf::promise<int> promise;
    const auto future = promise.get_future();
    future.add_done_callback([value = tracked(counts)](const cf::any_future&) {});
    EXPECT_EQ(counts.alive, 1);

    promise.set_result(1);

    EXPECT_EQ(counts.alive, 0);
    EXPECT_TRUE(future.valid());
}

TEST(DoneCallback, ThatCapturesItsOwnFutureDoesNotLeak)
{
    tracked_counts counts;
    {
        const cf::promise<tracked> promise;
        const auto future = promise.get_future();
        future.add_done_callback([future](const cf::any_future&) {});
        promise.set_result(counts);
        EXPECT_EQ(counts.alive, 1);
    }

    EXPECT_EQ(counts.alive, 0);
}

TEST(DoneCallback, MayBeMoveOnlyAndMutable)
{
    const cf::promise<int> promise;
    int seen = 0;
    promise.get_future().add_done_callback(
        [&seen, owned = std::make_unique<int>(3)](const cf::any_future&) mutable {
            seen = *std::exchange(owned, nullptr);
        });

    promise.set_result(1);

    EXPECT_EQ(seen, 3);
}

TEST(DoneCallback, RunsAfterWaitersAreReleased)
{
    gate callback_may_end;
    const cf::promise<int> promise;
    const auto future = promise.get_future();
    future.add_done_callback([&](const cf::any_future&) { callback_may_end.wait(); });
    std::thread producer([&] { promise.set_result(1); });

    EXPECT_EQ(future.result(cf::test::watchdog), 1); // while the callback still runs

    callback_may_end.open();
    producer.join();
}

TEST(DoneCallback, RunsWhenThePromiseIsDropped)
{
    std::optional<cf::promise<int>> promise(std::in_place);
    std::string seen;
    promise->get_future().add_done_callback(
        [&](const cf::any_future& done) { seen = error_reports::message(done.exception()); });

    promise.reset();

    EXPECT_EQ(seen, "the promise was dropped without a result");
}

TEST(DoneCallback, MayFinishOtherFutures)
{
    const cf::promise<int> first;
    const cf::promise<int> second;
    first.get_future().add_done_callback(
        [&](const cf::future<int>& done) { second.set_result(done.result() + 1); });

    first.set_result(1);

    EXPECT_EQ(second.get_future().result(0s), 2);
}

TEST(DoneCallback, RefusesANullFunction)
{
    const auto future = cf::make_ready_future(1);
    void (*const null)(const cf::any_future&) = nullptr;

    EXPECT_THROW(future.add_done_callback(null), std::invalid_argument);
    EXPECT_THROW(future.add_done_callback(std::function<void(cf::any_future)>()),
                 std::invalid_argument);
}

TEST(DoneCallback, MayDropTheLastHandle)
{
    tracked_counts counts;
    const cf::promise<tracked> promise;
    auto future = promise.get_future();
    future.add_done_callback([&](const cf::any_future&) { future = {}; });

    promise.set_result(counts, 1);

    EXPECT_FALSE(future.valid());
}

// then()

TEST(Then, PassesTheValueOn)
{
    const cf::promise<int> promise;
    const auto next = promise.get_future().then([](int value) { return std::to_string(value); });
    EXPECT_FALSE(next.done());

    promise.set_result(7);

    EXPECT_EQ(next.result(0s), "7");
}

TEST(Then, RunsAtOnceWhenAlreadyDone)
{
    EXPECT_EQ(cf::make_ready_future(7).then([](int value) { return value + 1; }).result(0s), 8);
}

TEST(Then, RunsInTheThreadThatFinishes)
{
    const cf::promise<void> promise;
    const auto next = promise.get_future().then([] { return std::this_thread::get_id(); });
    std::thread::id finisher;

    std::thread thread([&] {
        finisher = std::this_thread::get_id();
        promise.set_result();
    });
    thread.join();

    EXPECT_EQ(next.result(0s), finisher);
}

TEST(Then, TakesVoidReferencesAndMoveOnlyValues)
{
    int target = 1;

    EXPECT_EQ(cf::make_ready_future().then([] { return 1; }).result(), 1);
    EXPECT_EQ(
        &cf::make_ready_future<int&>(target).then([](int& at) -> int& { return at; }).result(),
        &target);
    EXPECT_EQ(cf::make_ready_future(std::make_unique<int>(3))
                  .then([](std::unique_ptr<int> at) { return *at; })
                  .result(),
              3);
    cf::make_ready_future(1).then([](int) {}).result();
}

TEST(Then, SeesTheValueInPlaceWhereItCan)
{
    tracked_counts counts;
    const auto future = cf::make_ready_future<tracked>(counts, 7);
    counts.moved = 0;

    EXPECT_EQ(future.then([](const tracked& value) { return value.value(); }).result(), 7);

    EXPECT_EQ(counts.copied, 0);
    EXPECT_EQ(counts.moved, 0);
    EXPECT_EQ(future.result().value(), 7);
}

TEST(Then, PassesAFailureOnWithoutCalling)
{
    const auto error = failure();
    bool called = false;

    const auto next = cf::make_exceptional_future<int>(error).then([&](int) { called = true; });

    EXPECT_EQ(next.exception(), error);
    EXPECT_FALSE(called);
}

TEST(Then, PassesACancellationOnWithoutCalling)
{
    const cf::promise<int> promise;
    bool called = false;
    const auto next = promise.get_future().then([&](int) { called = true; });

    promise.get_future().cancel();

    EXPECT_TRUE(next.cancelled());
    EXPECT_FALSE(called);
}

TEST(Then, FailsWithWhatTheFunctionThrows)
{
    const auto next =
        cf::make_ready_future(1).then([](int) -> int { throw std::out_of_range("step two"); });

    EXPECT_EQ(message_of<std::out_of_range>([&] { next.result(); }), "step two");
}

TEST(Then, CancellingTheNewFutureLeavesTheFirstAlone)
{
    tracked_counts counts;
    const cf::promise<int> promise;
    const auto future = promise.get_future();
    bool called = false;
    const auto next = future.then([&called, value = tracked(counts)](int) { called = true; });

    EXPECT_TRUE(next.cancel());
    EXPECT_EQ(counts.alive, 0); // the function is gone already
    promise.set_result(1);

    EXPECT_FALSE(called);
    EXPECT_EQ(future.result(), 1);
    EXPECT_TRUE(next.cancelled());
}

TEST(Then, DestroysTheFunctionBeforeTheNewFutureIsDone)
{
    for (const bool succeeds : {true, false}) {
        SCOPED_TRACE(succeeds);
        tracked_counts counts;
        const cf::promise<int> promise;
        const auto next = promise.get_future().then([value = tracked(counts)](int) {});
        int alive_when_done = -1;
        next.add_done_callback([&](const cf::any_future& done) {
            alive_when_done = counts.alive;
            static_cast<void>(done.exception());
        });

        succeeds ? promise.set_result(1) : promise.set_exception(failure());

        EXPECT_EQ(alive_when_done, 0);
    }
}

TEST(Then, ReleasesTheFirstFutureOnceDone)
{
    tracked_counts counts;
    auto future = cf::make_ready_future<tracked>(counts);
    const auto next = future.then([](const tracked&) { return 1; });

    future = {};

    EXPECT_EQ(counts.alive, 0);
    EXPECT_EQ(next.result(), 1);
}

TEST(Then, OnAnExecutorRunsThere)
{
    cf::manual_executor executor;
    const cf::promise<int> promise;
    const auto next = promise.get_future().then(executor, [](int value) { return value + 1; });
    EXPECT_EQ(executor.queued(), 0U);

    promise.set_result(1);
    EXPECT_EQ(executor.queued(), 1U);
    EXPECT_FALSE(next.done());
    executor.run();

    EXPECT_EQ(next.result(0s), 2);
}

TEST(Then, OnAnExecutorCanBeCancelledInItsQueue)
{
    cf::manual_executor executor;
    bool called = false;
    const auto next = cf::make_ready_future(1).then(executor, [&](int) { called = true; });

    EXPECT_TRUE(next.cancel());

    EXPECT_EQ(executor.queued(), 0U);
    EXPECT_EQ(executor.drain(), 0U);
    EXPECT_FALSE(called);
}

TEST(Then, FailsWhenTheExecutorTakesNoMoreWork)
{
    cf::inline_executor executor;
    executor.shutdown();
    const cf::promise<int> promise;
    const auto next = promise.get_future().then(executor, [](int value) { return value; });

    promise.set_result(1);

    EXPECT_THROW(next.result(0s), cf::executor_shut_down);
}

TEST(Then, RefusesANullFunctionAndAnInvalidHandle)
{
    int (*const null)(int) = nullptr;

    EXPECT_THROW(cf::make_ready_future(1).then(null), std::invalid_argument);
    EXPECT_THROW(cf::make_ready_future(1).then(std::function<int(int)>()), std::invalid_argument);
    EXPECT_THROW(cf::future<int>().then([](int) {}), cf::invalid_state_error);
}

TEST(Then, ChainsOfAnyLengthEndWhenTheFirstDoes)
{
    const cf::promise<int> promise;
    auto last = promise.get_future();
    for (int step = 0; step != 1000; ++step) {
        last = last.then([](int value) { return value + 1; });
    }

    promise.set_result(0);

    EXPECT_EQ(last.result(0s), 1000);
}

// Failures that nobody looked at

TEST(UnobservedFailure, IsReportedOnceWhenTheLastFutureGoes)
{
    error_reports reports;
    {
        auto future = cf::make_exceptional_future<int>(failure());
        const auto copy = future;
        future = {};
        EXPECT_TRUE(reports.take().empty());
    }

    const auto report = reports.take_only();
    EXPECT_EQ(report.where, cf::error_report::source::unobserved_failure);
    EXPECT_EQ(error_reports::message(report.exception), "failed");
}

TEST(UnobservedFailure, IsReportedAtCompletionWhenNoFutureIsLeft)
{
    error_reports reports;
    cf::manual_executor executor;
    executor.submit([] { throw std::runtime_error("alone"); });

    executor.run();

    EXPECT_EQ(error_reports::message(reports.take_only().exception), "alone");
}

TEST(UnobservedFailure, IsNotReportedOnceSomebodyLooked)
{
    error_reports reports; // fails the test for each report

    EXPECT_TRUE(cf::make_exceptional_future<int>(failure()).exception());
    EXPECT_THROW(cf::make_exceptional_future<int>(failure()).result(), std::runtime_error);
    EXPECT_THROW(cf::make_exceptional_future<int>(failure()).take(), std::runtime_error);
}

TEST(UnobservedFailure, IsNotReportedForCancelledTasks)
{
    error_reports reports;
    cf::manual_executor executor;

    executor.submit([] {}).cancel();
}

TEST(UnobservedFailure, ThatWasPassedOnIsReportedForTheLastFutureOnly)
{
    error_reports reports;
    cf::manual_executor executor;
    executor.submit([] { throw std::runtime_error("once"); }).then([] {}).then([] {});

    executor.run();

    EXPECT_EQ(error_reports::message(reports.take_only().exception), "once");
}

TEST(UnobservedFailure, NamesTheTaskAndThePlaceOfItsSubmission)
{
    error_reports reports;
    cf::inline_executor executor;

    executor.submit({.name = "resize"}, [] { throw std::runtime_error("x"); });
    const auto line = std::to_string(__LINE__ - 1);

    EXPECT_EQ(reports.take_only().task, std::string("resize at ") + __FILE__ + ":" + line);
}

void named_callable()
{
    throw std::runtime_error("x");
}

TEST(UnobservedFailure, OfAnUnnamedTaskNamesTheTypeOfItsCallable)
{
    struct resizer {
        void operator()() const { throw std::runtime_error("x"); }
    };
    error_reports reports;
    cf::inline_executor executor;

    executor.submit(resizer{});
    EXPECT_NE(reports.take_only().task.find("resizer"), std::string::npos);

    executor.submit(named_callable);
    EXPECT_EQ(reports.take_only().task, "void (*)()");
}

TEST(ErrorHandler, ReplacesAndRestoresTheFormerOne)
{
    int first = 0;
    int second = 0;
    const auto original = cf::set_error_handler([&](const cf::error_report&) { ++first; });

    const auto returned = cf::set_error_handler([&](const cf::error_report&) { ++second; });
    cf::make_ready_future(1).add_done_callback([](const cf::any_future&) { throw 1; });
    returned({});
    cf::set_error_handler(original);

    EXPECT_EQ(second, 1);
    EXPECT_EQ(first, 1);
}

TEST(ErrorHandler, ThatThrowsEndsNothing)
{
    const auto original =
        cf::set_error_handler([](const cf::error_report&) { throw std::runtime_error("worse"); });
    const cf::promise<int> promise;
    bool ran = false;
    promise.get_future().add_done_callback([](const cf::any_future&) { throw 1; });
    promise.get_future().add_done_callback([&](const cf::any_future&) { ran = true; });

    promise.set_result(1);
    cf::set_error_handler(original);

    EXPECT_TRUE(ran);
}

TEST(DoneCallback, MayDropEveryHandleThoughOthersWaitBehindIt)
{
    std::optional<cf::promise<int>> promise(std::in_place);
    std::optional<cf::future<int>> future(promise->get_future());
    future->add_done_callback([&](const cf::any_future&) {
        promise.reset();
        future.reset();
    });
    const auto first = cf::when_any(std::vector{*future});

    future->cancel();

    EXPECT_TRUE(first.result().future.cancelled());
}

TEST(DoneCallback, MayDestroyThePromiseThatIsBeingKept)
{
    std::optional<cf::promise<int>> promise(std::in_place);
    std::optional<cf::future<int>> future(promise->get_future());
    future->add_done_callback([&](const cf::any_future&) {
        promise.reset();
        future.reset();
    });
    const auto first = cf::when_any(std::vector{*future});

    promise->set_result(6);

    EXPECT_EQ(first.result().future.result(), 6);
}

TEST(StopRequest, MayDropEveryHandleOfWhatItStops)
{
    std::optional<cf::promise<int>> promise(std::in_place);
    std::optional<cf::future<int>> future(promise->get_future());
    EXPECT_TRUE(promise->set_running_or_notify_cancel());
    const std::stop_callback drops_all(promise->get_stop_token(), [&] {
        promise.reset();
        future.reset();
    });

    EXPECT_TRUE(future->request_stop());

    EXPECT_FALSE(future);
}

TEST(DoneCallback, WorkMayOwnTheHandleThatCancelsIt)
{
    struct job {
        cf::future<void> done;
    };
    cf::manual_executor executor;
    auto owned = std::make_shared<job>();
    job& seen = *owned;
    const std::weak_ptr<job> alive = owned;
    seen.done = executor.submit([owned] {});
    owned.reset();

    EXPECT_TRUE(seen.done.cancel());

    EXPECT_TRUE(alive.expired());
}

TEST(ErrorHandler, ByDefaultWritesOneLineToStandardError)
{
    const auto original = cf::set_error_handler({});
    testing::internal::CaptureStderr();
    cf::inline_executor executor;

    executor.submit({.name = "resize", .location = std::nullopt},
                    [] { throw std::out_of_range("too big"); });

    const auto text = testing::internal::GetCapturedStderr();
    cf::set_error_handler(original);
    EXPECT_EQ(text,
              "cofutures: a task failed and nobody looked [resize]: std::out_of_range: too big\n");
}

} // namespace
