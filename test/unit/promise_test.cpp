// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// Promise: legal and illegal moves, broken promises, ready futures.

#include <cofutures/promise.hpp>

#include "support/error_reports.hpp"
#include "support/expect_error.hpp"
#include "support/tracked.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace cf = cofutures;
using namespace std::chrono_literals;
using cf::test::error_reports;
using cf::test::message_of;
using cf::test::tracked;
using cf::test::tracked_counts;

namespace {

struct throws_when_made {
    explicit throws_when_made(int) { throw std::runtime_error("not made"); }
};

TEST(Promise, CanBeFulfilledWithoutEverRunning)
{
    const cf::promise<int> promise;

    promise.set_result(1);

    EXPECT_EQ(promise.get_future().result(), 1);
}

TEST(Promise, GivesAnotherHandleToTheSameTaskEachTime)
{
    const cf::promise<int> promise;

    EXPECT_EQ(promise.get_future(), promise.get_future());
}

TEST(Promise, SetRunningIsTrueOnceAndThenThrows)
{
    const cf::promise<int> promise;

    EXPECT_TRUE(promise.set_running_or_notify_cancel());
    EXPECT_THROW(promise.set_running_or_notify_cancel(), cf::invalid_state_error);
    promise.set_result(1);
    EXPECT_THROW(promise.set_running_or_notify_cancel(), cf::invalid_state_error);
}

TEST(Promise, SetRunningIsFalseForACancelledTask)
{
    const cf::promise<int> promise;
    promise.get_future().cancel();

    EXPECT_FALSE(promise.set_running_or_notify_cancel());
    EXPECT_FALSE(promise.set_running_or_notify_cancel());
}

TEST(Promise, TheFirstOutcomeStays)
{
    const cf::promise<int> promise;
    const auto late = std::make_exception_ptr(std::runtime_error("late"));

    promise.set_result(1);

    EXPECT_THROW(promise.set_result(2), cf::invalid_state_error);
    EXPECT_THROW(promise.set_exception(late), cf::invalid_state_error);
    EXPECT_FALSE(promise.try_set_result(2));
    EXPECT_FALSE(promise.try_set_exception(late));
    EXPECT_EQ(promise.get_future().result(), 1);
}

TEST(Promise, AFailureIsNotReplacedByAResult)
{
    const cf::promise<int> promise;

    promise.set_exception(std::make_exception_ptr(std::runtime_error("first")));

    EXPECT_THROW(promise.set_result(2), cf::invalid_state_error);
    EXPECT_EQ(message_of<std::runtime_error>([&] { promise.get_future().result(); }), "first");
}

TEST(Promise, LosingAgainstCancelIsToldByTheTryForms)
{
    const cf::promise<int> promise;
    promise.get_future().cancel();

    EXPECT_FALSE(promise.try_set_result(1));
    EXPECT_FALSE(promise.try_set_exception(std::make_exception_ptr(1)));
    EXPECT_THROW(promise.set_result(1), cf::invalid_state_error);
    EXPECT_TRUE(promise.get_future().cancelled());
}

TEST(Promise, TheErrorNamesTheStateAndTheFuture)
{
    const cf::promise<int> promise;
    promise.set_result(1);

    const auto message = message_of<cf::invalid_state_error>([&] { promise.set_result(2); });

    EXPECT_NE(message.find(to_string(promise.get_future())), std::string::npos) << message;
}

TEST(Promise, RefusesANullExceptionAndStaysOpen)
{
    const cf::promise<int> promise;

    EXPECT_THROW(promise.set_exception(nullptr), std::invalid_argument);
    EXPECT_THROW(promise.try_set_exception(nullptr), std::invalid_argument);

    promise.set_result(1);
    EXPECT_EQ(promise.get_future().result(), 1);
}

TEST(Promise, AValueThatCannotBeMadeIsTheFailure)
{
    const cf::promise<throws_when_made> promise;

    promise.set_result(1);

    EXPECT_EQ(message_of<std::runtime_error>([&] { promise.get_future().result(); }), "not made");
}

TEST(Promise, MakesTheValueInPlaceFromTheArguments)
{
    tracked_counts counts;
    const cf::promise<tracked> promise;

    promise.set_result(counts, 7);

    const auto future = promise.get_future();
    EXPECT_EQ(future.result().value(), 7);
    EXPECT_EQ(counts.copied, 0);
    EXPECT_EQ(counts.moved, 0);
}

TEST(Promise, DroppedWithoutAResultBreaksItsFutures)
{
    std::optional<cf::promise<int>> promise(std::in_place);
    const auto future = promise->get_future();

    promise.reset();

    EXPECT_THROW(future.result(), cf::broken_promise);
}

TEST(Promise, DroppedWhileRunningBreaksItsFutures)
{
    std::optional<cf::promise<int>> promise(std::in_place);
    const auto future = promise->get_future();
    promise->set_running_or_notify_cancel();

    promise.reset();

    EXPECT_THROW(future.result(), cf::broken_promise);
}

TEST(Promise, DroppedAfterCancelLeavesTheFutureCancelled)
{
    std::optional<cf::promise<int>> promise(std::in_place);
    const auto future = promise->get_future();
    future.cancel();

    promise.reset();

    EXPECT_TRUE(future.cancelled());
}

TEST(Promise, DroppedWithoutAnyFutureIsReported)
{
    error_reports reports;

    cf::promise<int>().get_future();

    EXPECT_EQ(error_reports::message(reports.take_only().exception),
              "the promise was dropped without a result");
}

TEST(Promise, AssignmentBreaksTheFormerOne)
{
    cf::promise<int> promise;
    const auto former = promise.get_future();

    promise = cf::promise<int>();

    EXPECT_THROW(former.result(0s), cf::broken_promise);
    promise.set_result(1);
    EXPECT_EQ(promise.get_future().result(), 1);
}

TEST(Promise, MovedFromRefusesEverything)
{
    cf::promise<int> promise;
    const cf::promise<int> moved = std::move(promise);

    EXPECT_THROW(promise.get_future(), cf::invalid_state_error); // NOLINT(bugprone-use-after-move)
    EXPECT_THROW(promise.set_result(1), cf::invalid_state_error);
    EXPECT_THROW(promise.set_exception(std::make_exception_ptr(1)), cf::invalid_state_error);
    EXPECT_THROW(static_cast<void>(promise.get_stop_token()), cf::invalid_state_error);
    EXPECT_THROW(promise.set_running_or_notify_cancel(), cf::invalid_state_error);

    moved.set_result(1);
    EXPECT_EQ(moved.get_future().result(), 1);
}

TEST(Promise, CancelledErrorAfterAStopRequestCancels)
{
    const cf::promise<int> promise;
    const auto future = promise.get_future();
    promise.set_running_or_notify_cancel();
    future.request_stop();

    promise.set_exception(std::make_exception_ptr(cf::cancelled_error()));

    EXPECT_TRUE(future.cancelled());
    EXPECT_THROW(future.result(), cf::cancelled_error);
}

TEST(Promise, CancelledErrorWithoutAStopRequestIsAFailure)
{
    const cf::promise<int> promise;
    const auto future = promise.get_future();

    promise.set_exception(std::make_exception_ptr(cf::cancelled_error()));

    EXPECT_FALSE(future.cancelled());
    EXPECT_NE(future.exception(), nullptr);
}

TEST(Promise, AnotherErrorAfterAStopRequestIsAFailure)
{
    const cf::promise<int> promise;
    const auto future = promise.get_future();
    promise.set_running_or_notify_cancel();
    future.request_stop();

    promise.set_exception(std::make_exception_ptr(std::runtime_error("on the way out")));

    EXPECT_FALSE(future.cancelled());
    EXPECT_EQ(message_of<std::runtime_error>([&] { future.result(); }), "on the way out");
}

TEST(ReadyFuture, MayReferToAnObject)
{
    int target = 1;

    const auto future = cf::make_ready_future<int&>(target);

    static_assert(std::is_same_v<decltype(future), const cf::future<int&>>);
    EXPECT_EQ(&future.result(), &target);
}

int negated(int value)
{
    return -value;
}

TEST(ReadyFuture, MayReferToWhatConvertsToAReference)
{
    struct base {};
    struct derived : base {};
    struct converts {
        operator base&() { return *to; }
        base* to;
    };
    derived target;

    const auto to_base = cf::make_ready_future<const base&>(target);
    const auto wrapped = cf::make_ready_future<const base&>(std::ref(target));
    const auto wrapped_const = cf::make_ready_future<const derived&>(std::cref(target));
    const auto converted = cf::make_ready_future<base&>(converts{&target});

    EXPECT_EQ(&to_base.result(), &target);
    EXPECT_EQ(&wrapped.result(), &target);
    EXPECT_EQ(&wrapped_const.result(), &target);
    EXPECT_EQ(&converted.result(), &target);
    EXPECT_EQ(cf::make_ready_future<int (&)(int)>(negated).result()(-1), 1);
}

TEST(ReadyFuture, HasAValueOfTheNamedOrDeducedType)
{
    static_assert(std::is_same_v<decltype(cf::make_ready_future(1)), cf::future<int>>);
    static_assert(std::is_same_v<decltype(cf::make_ready_future()), cf::future<void>>);
    static_assert(std::is_same_v<decltype(cf::make_ready_future<long>(1)), cf::future<long>>);

    EXPECT_EQ(cf::make_ready_future<std::string>(3U, 'x').result(), "xxx");
}

TEST(ReadyFuture, HasFailedWhenItsValueCannotBeMade)
{
    const auto future = cf::make_ready_future<throws_when_made>(1);

    EXPECT_EQ(message_of<std::runtime_error>([&] { future.result(); }), "not made");
}

TEST(ExceptionalFuture, TakesAnExceptionObjectOrPointer)
{
    const auto object = cf::make_exceptional_future<int>(std::out_of_range("object"));
    const auto pointer =
        cf::make_exceptional_future<int>(std::make_exception_ptr(std::out_of_range("pointer")));

    EXPECT_EQ(message_of<std::out_of_range>([&] { object.result(); }), "object");
    EXPECT_EQ(message_of<std::out_of_range>([&] { pointer.result(); }), "pointer");
}

} // namespace
