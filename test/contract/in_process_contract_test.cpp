// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// What the executors of this process promise beyond the common contract: any callable, captures,
/// callbacks, stop tokens, exact statistics.

#include <cofutures/as_completed.hpp>
#include <cofutures/wait.hpp>

#include "support/error_reports.hpp"
#include "support/executors.hpp"
#include "support/expect_error.hpp"
#include "support/gate.hpp"
#include "support/tracked.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace cofutures::test {

namespace {

using namespace std::chrono_literals;

template <typename Harness>
class InProcessContract : public testing::Test {
protected:
    auto& executor() { return harness().executor(); }
    Harness& harness() { return *owned; }

    template <typename Function, typename... Args>
    auto submit(Function function, Args&&... args)
    {
        return executor().submit(harness().call(std::move(function)), std::forward<Args>(args)...);
    }

    bool occupied()
    {
        if constexpr (!Harness::queues) {
            return false;
        } else {
            harness().occupy();
            return true;
        }
    }

    error_reports reports;
    tracked_counts counts;
    std::optional<Harness> owned{std::in_place};
};

TYPED_TEST_SUITE(InProcessContract, in_process_harnesses, harness_names);

TYPED_TEST(InProcessContract, DestructorFinishesQueuedWorkBeforeReturning)
{
    std::atomic<int> ran{0};
    for (int n = 0; n != 20; ++n) {
        this->submit([&] { ++ran; });
    }

    this->owned.reset();

    EXPECT_EQ(ran, 20);
}

TYPED_TEST(InProcessContract, FuturesOutliveTheirExecutor)
{
    const auto future = this->submit([] { return 1; });

    this->owned.reset();

    EXPECT_EQ(future.result(0s), 1);
}

TYPED_TEST(InProcessContract, TasksBeginInTheOrderOfSubmission)
{
    if (TypeParam::workers != 1) {
        GTEST_SKIP() << "several workers may swap the first steps";
    }
    std::string order;
    for (char letter = 'a'; letter <= 'z'; ++letter) {
        this->submit([&order, letter] { order += letter; });
    }

    this->executor().shutdown();

    EXPECT_EQ(order, "abcdefghijklmnopqrstuvwxyz");
}

TYPED_TEST(InProcessContract, CapturesAreDestroyedBeforeTheFutureIsDone)
{
    for (const bool fails : {false, true}) {
        SCOPED_TRACE(fails);
        this->occupied();
        const auto future = this->submit([value = tracked(this->counts), fails] {
            if (fails) {
                throw std::runtime_error("x");
            }
        });
        std::atomic<int> alive_when_done{-1};
        future.add_done_callback(
            [&](const any_future&) { alive_when_done = this->counts.alive.load(); });
        this->harness().go();

        EXPECT_EQ(future.exception(watchdog) != nullptr, fails);
        EXPECT_EQ(this->counts.alive, 0);
        EXPECT_TRUE(this->executor().wait_idle(watchdog)); // callbacks have run
        EXPECT_EQ(alive_when_done, 0);
    }
}

TYPED_TEST(InProcessContract, CapturesOfACancelledTaskAreDestroyedBeforeTheFutureIsDone)
{
    if (!this->occupied()) {
        GTEST_SKIP() << "tasks are never queued";
    }
    const auto future = this->submit([value = tracked(this->counts)] {});
    int alive_when_done = -1;
    future.add_done_callback([&](const any_future&) { alive_when_done = this->counts.alive; });

    EXPECT_TRUE(future.cancel());

    EXPECT_EQ(alive_when_done, 0);
    this->harness().go();
}

TYPED_TEST(InProcessContract, ArgumentsAreCopiedAndReferencesShared)
{
    std::string text = "before";
    int changed = 0;
    this->occupied();
    const auto future = this->submit(
        [](std::string copy, std::reference_wrapper<int> shared) {
            shared.get() = 1;
            return copy;
        },
        text,
        std::ref(changed));
    text = "after";
    this->harness().go();

    EXPECT_EQ(future.result(watchdog), "before");
    EXPECT_EQ(changed, 1);
}

TYPED_TEST(InProcessContract, CallableAndArgumentsMayBeMoveOnly)
{
    const auto future = this->submit(
        [owned = std::make_unique<int>(1)](std::unique_ptr<int> other) {
            return std::make_unique<int>(*owned + *other);
        },
        std::make_unique<int>(2));
    this->harness().go();

    EXPECT_EQ(*future.result(watchdog), 3);
}

TYPED_TEST(InProcessContract, AnEmptyFunctionIsRefused)
{
    EXPECT_THROW(this->submit(std::function<int()>()), std::invalid_argument);
}

TYPED_TEST(InProcessContract, SomethingThrownThatIsNoExceptionIsKeptToo)
{
    const auto future = this->submit([]() -> int { throw 42; });
    this->harness().go();

    try {
        future.result(watchdog);
        FAIL() << "no exception";
    } catch (int thrown) {
        EXPECT_EQ(thrown, 42);
    }
}

TYPED_TEST(InProcessContract, ATaskMayThrowATimeoutErrorOfItsOwn)
{
    const auto future = this->submit([] { throw timeout_error("the task's own"); });
    this->harness().go();

    EXPECT_TRUE(future.wait_for(watchdog));
    EXPECT_EQ(message_of<timeout_error>([&] { future.result(0s); }), "the task's own");
}

TYPED_TEST(InProcessContract, ARunningTaskIsRunningAndCannotBeCancelled)
{
    if (!TypeParam::queues) {
        GTEST_SKIP() << "its future is not there yet while it runs";
    }
    gate begun;
    gate may_end;
    const opens_at_exit end(may_end);
    const auto future = this->submit([&] {
        begun.open();
        may_end.wait();
        return 1;
    });
    this->harness().go();
    begun.wait();

    EXPECT_TRUE(future.running());
    EXPECT_FALSE(future.cancel());
    EXPECT_THROW(future.result(0s), timeout_error);

    may_end.open();
    EXPECT_EQ(future.result(watchdog), 1);
}

TYPED_TEST(InProcessContract, RequestStopOfAQueuedTaskCancelsIt)
{
    if (!this->occupied()) {
        GTEST_SKIP() << "tasks are never queued";
    }
    bool ran = false;
    const auto future = this->submit([&] { ran = true; });

    EXPECT_TRUE(future.request_stop());
    this->harness().go();
    EXPECT_TRUE(this->executor().wait_idle(watchdog));

    EXPECT_TRUE(future.cancelled());
    EXPECT_FALSE(ran);
}

TYPED_TEST(InProcessContract, RequestStopReachesTheTokenOfARunningTask)
{
    if (!TypeParam::queues) {
        GTEST_SKIP() << "its future is not there yet while it runs";
    }
    gate begun;
    gate stopped;
    const auto future = this->submit([&](std::stop_token token) {
        const std::stop_callback on_stop(token, [&] { stopped.open(); });
        begun.open();
        stopped.wait();
        throw cancelled_error();
    });
    this->harness().go();
    begun.wait();

    EXPECT_TRUE(future.request_stop());

    EXPECT_THROW(future.result(watchdog), cancelled_error);
    EXPECT_TRUE(future.cancelled());
}

TYPED_TEST(InProcessContract, AStoppedTaskMayFinishAllTheSame)
{
    if (!TypeParam::queues) {
        GTEST_SKIP() << "its future is not there yet while it runs";
    }
    gate begun;
    gate may_end;
    const opens_at_exit end(may_end);
    const auto future = this->submit([&] {
        begun.open();
        may_end.wait();
        return 1;
    });
    this->harness().go();
    begun.wait();

    EXPECT_TRUE(future.request_stop());
    EXPECT_FALSE(future.request_stop());
    may_end.open();

    EXPECT_EQ(future.result(watchdog), 1);
}

TYPED_TEST(InProcessContract, CallbacksMaySubmit)
{
    this->occupied();
    future<int> second;
    const auto first = this->submit([] { return 1; });
    gate submitted;
    first.add_done_callback([&](const future<int>& done) {
        second = this->submit([value = done.result()] { return value + 1; });
        submitted.open();
    });
    this->harness().go();
    submitted.wait();

    EXPECT_EQ(second.result(watchdog), 2);
}

TYPED_TEST(InProcessContract, CallbacksOfFuturesCancelledByShutdownMaySubmitAndAreRefused)
{
    if (!this->occupied()) {
        GTEST_SKIP() << "tasks are never queued";
    }
    bool refused = false;
    const auto future = this->submit([] { return 1; });
    future.add_done_callback([&](const any_future&) {
        try {
            this->submit([] { return 2; });
        } catch (const executor_shut_down&) {
            refused = true;
        }
    });

    this->executor().shutdown({.wait = false, .cancel_futures = true});

    EXPECT_TRUE(refused);
    this->harness().go();
}

TYPED_TEST(InProcessContract, CallbacksOfFuturesCancelledByShutdownMayCancelOthers)
{
    if (!this->occupied()) {
        GTEST_SKIP() << "tasks are never queued";
    }
    const auto before = this->executor().stats().cancelled;
    std::vector<future<void>> futures;
    for (int n = 0; n != 5; ++n) {
        futures.push_back(this->submit([value = tracked(this->counts)] {}));
    }
    futures[0].add_done_callback([&](const any_future&) {
        EXPECT_TRUE(futures[2].cancel());
        EXPECT_TRUE(futures[4].cancel());
    });

    this->executor().shutdown({.wait = false, .cancel_futures = true});

    for (const auto& future : futures) {
        EXPECT_TRUE(future.cancelled());
    }
    EXPECT_EQ(this->counts.alive, 0);
    EXPECT_EQ(this->executor().stats().queued, 0U);
    EXPECT_EQ(this->executor().stats().cancelled - before, 5U);
    this->harness().go();
}

TYPED_TEST(InProcessContract, WaitingForItselfIsRefusedInATask)
{
    this->submit([this] {
        EXPECT_THROW(this->executor().wait_idle(0s), deadlock_error);
        EXPECT_THROW(this->executor().shutdown_for(0s), deadlock_error);
        EXPECT_THROW(this->executor().shutdown(), deadlock_error);
        this->executor().shutdown({.wait = false});
    });
    this->harness().go();

    this->executor().shutdown();
}

TYPED_TEST(InProcessContract, StatsCountEveryTaskOnce)
{
    const auto before = this->executor().stats();
    const auto finished = this->submit([] { return 1; });
    const auto failed = this->submit([]() -> int { throw std::runtime_error("x"); });
    this->harness().go();
    EXPECT_TRUE(failed.exception(watchdog));
    EXPECT_TRUE(finished.wait_for(watchdog));

    // Whoever sees the outcome finds it counted.
    auto now = this->executor().stats();
    EXPECT_EQ(now.finished - before.finished, 1U);
    EXPECT_EQ(now.failed - before.failed, 1U);
    EXPECT_EQ(now.running, 0U);
    EXPECT_EQ(now.queued, 0U);

    if (this->occupied()) {
        const auto queued = this->submit([] {});
        EXPECT_EQ(this->executor().stats().queued, 1U);
        queued.cancel();
        EXPECT_EQ(this->executor().stats().queued, 0U);
        EXPECT_EQ(this->executor().stats().cancelled - before.cancelled, 1U);
        this->harness().go();
    }
}

TYPED_TEST(InProcessContract, FailuresNobodyLookedAtAreReported)
{
    this->submit([] { throw std::runtime_error("nobody looks"); });
    this->harness().go();
    this->executor().shutdown();

    const auto report = this->reports.take_only();
    EXPECT_EQ(report.where, error_report::source::unobserved_failure);
    EXPECT_EQ(error_reports::message(report.exception), "nobody looks");
}

TYPED_TEST(InProcessContract, NamedTasksAreReportedByName)
{
    const auto call = this->harness().call([] { throw std::runtime_error("x"); });
    const auto line = std::to_string(__LINE__ + 1);
    this->executor().submit({.name = "resize"}, call);
    this->harness().go();
    this->executor().shutdown();

    EXPECT_EQ(this->reports.take_only().task, std::string("resize at ") + __FILE__ + ":" + line);
}

TYPED_TEST(InProcessContract, MapSubmitsEverythingWithoutIteration)
{
    std::atomic<int> ran{0};
    const std::vector inputs{1, 2, 3};
    {
        auto range = this->executor().map(this->harness().call([&](int) { ++ran; }), inputs);
    }

    this->executor().shutdown();

    EXPECT_EQ(ran, 3);
}

TYPED_TEST(InProcessContract, SubmitsThatRaceWithShutdownRunOrAreRefused)
{
    std::atomic<int> ran{0};
    std::atomic<int> accepted{0};
    std::vector<std::thread> submitters;
    gate start;
    for (int n = 0; n != 4; ++n) {
        submitters.emplace_back([&] {
            start.wait();
            try {
                for (int task = 0; task != 200; ++task) {
                    this->submit([&] { ++ran; });
                    ++accepted;
                }
            } catch (const executor_shut_down&) {
                // Expected, for some.
            }
        });
    }

    start.open();
    this->executor().shutdown();
    for (auto& submitter : submitters) {
        submitter.join();
    }

    EXPECT_EQ(ran, accepted);
}

} // namespace

} // namespace cofutures::test
