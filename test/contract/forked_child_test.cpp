// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// What a forked child may do with copies of its parent's executors and futures: nothing there hangs,
/// whatever the parent's threads were doing at the moment.

#include <cofutures/any_future.hpp>
#include <cofutures/detail/tiny_lock.hpp>
#include <cofutures/error_handler.hpp>
#include <cofutures/promise.hpp>

#include "support/executors.hpp"
#include "support/expect_error.hpp"
#include "support/forked_child.hpp"
#include "support/gate.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stop_token>
#include <thread>
#include <vector>

namespace cofutures::test {

namespace {

using namespace std::chrono_literals;

template <typename Harness>
class InAForkedChild : public testing::Test {
protected:
    template <typename Function>
    auto submit(Function function)
    {
        return harness->executor().submit(harness->call(std::move(function)));
    }

    std::optional<Harness> harness{std::in_place};
};

/// The executors with threads, which the child does not have.
using threaded_harnesses = testing::
    Types<thread_pool_harness<1>, thread_pool_harness<4>, coroutine_harness, io_context_harness>;
TYPED_TEST_SUITE(InAForkedChild, threaded_harnesses, harness_names);

TYPED_TEST(InAForkedChild, TheCopyRefusesWorkAndIsLeftAlone)
{
    this->submit([] {}).wait();

    EXPECT_EQ(exit_code_of_child([&] {
                  auto& copy = this->harness->executor();
                  int refused = 0;
                  try {
                      this->submit([] { return 1; });
                  } catch (const executor_shut_down&) {
                      ++refused;
                  }
                  try {
                      copy.wait_idle();
                  } catch (const executor_shut_down&) {
                      ++refused;
                  }
                  copy.shutdown({.wait = false, .cancel_futures = true});
                  copy.shutdown();
                  const bool none = copy.shutdown_for(0s) && copy.stats().workers == 0;
                  this->harness.reset();
                  return refused == 2 && none ? 0 : 1;
              }),
              0);

    EXPECT_EQ(this->submit([] { return 7; }).result(watchdog), 7); // the parent goes on
}

TYPED_TEST(InAForkedChild, TheProgramMayExit)
{
    static std::optional<TypeParam> in_static_storage;
    in_static_storage.emplace();
    auto& executor = in_static_storage->executor();
    executor.submit(in_static_storage->call([] {})).wait();

    const pid_t child = fork();
    if (child == 0) {
        alarm(static_cast<unsigned>(watchdog.count()));
        in_static_storage
            .reset(); // what exit() would do; gtest's own statics are not for the child
        _exit(0);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    in_static_storage.reset();
}

TYPED_TEST(InAForkedChild, InheritedFuturesMayBeUsed)
{
    gate begun, may_end;
    const auto done = this->submit([] { return 5; });
    done.wait();
    this->harness->occupy();
    const auto queued = this->submit([] { return 1; });
    const auto stopped = this->submit([] { return 2; });
    const auto waited = this->submit([] { return 3; });

    EXPECT_EQ(exit_code_of_child([&] {
                  int told = 0;
                  for (const auto& future : {queued, stopped, waited}) {
                      future.add_done_callback([&told](const any_future&) { ++told; });
                  }
                  bool right = done.result() == 5 && queued.cancel() && stopped.request_stop() &&
                               queued.cancelled() && stopped.cancelled();
                  try {
                      waited.result(0s);
                      right = false;
                  } catch (const timeout_error&) {
                  }
                  return right && told == 2 ? 0 : 1;
              }),
              0);

    this->harness->go();
    EXPECT_EQ(queued.result(watchdog), 1) << "the child cancelled its parent's task";
    EXPECT_EQ(stopped.result(watchdog), 2);
    EXPECT_EQ(waited.result(watchdog), 3);
}

TYPED_TEST(InAForkedChild, ARunningTaskMayBeAskedToStopInVain)
{
    gate begun, may_end;
    const opens_at_exit release(may_end);
    const auto running = this->submit([&](std::stop_token) {
        begun.open();
        may_end.wait();
        return 4;
    });
    begun.wait();

    EXPECT_EQ(exit_code_of_child([&] {
                  const bool refused = !running.cancel() && running.request_stop();
                  return refused && !running.wait_for(0s) ? 0 : 1;
              }),
              0);

    may_end.open();
    EXPECT_EQ(running.result(watchdog), 4);
}

TYPED_TEST(InAForkedChild, NothingHangsWhileTheParentsThreadsAreBusy)
{
    std::atomic<bool> over{false};
    std::thread user([&] {
        while (!over) {
            const auto cancelled = this->submit([] { return 1; });
            const auto other = this->submit([] { return 2; });
            cancelled.add_done_callback([](const any_future&) {});
            cancelled.cancel();
            other.wait_for(1ms);
            static_cast<void>(this->harness->executor().stats());
        }
    });
    this->submit([] {}).wait();
    for (int n = 0; n != 40; ++n) {
        const auto future = this->submit([] { return 3; });
        ASSERT_EQ(exit_code_of_child([&] {
                      future.add_done_callback([](const any_future&) {});
                      future.cancel();
                      future.request_stop();
                      future.wait_for(1ms);
                      static_cast<void>(this->harness->executor().stats());
                      this->harness->executor().shutdown();
                      return 0;
                  }),
                  0);
        future.wait();
    }
    over = true;
    user.join();
}

/// Keeps a lock in another thread while it lives.
template <typename Lock>
class held_elsewhere {
public:
    explicit held_elsewhere(Lock& lock)
        : holder_([&] {
              lock.lock();
              held_.open();
              may_go_.wait();
              lock.unlock();
          })
    {
        held_.wait();
    }
    held_elsewhere(const held_elsewhere&) = delete;
    held_elsewhere& operator=(const held_elsewhere&) = delete;
    ~held_elsewhere()
    {
        may_go_.open();
        holder_.join();
    }

private:
    gate held_, may_go_;
    std::thread holder_;
};

TEST(ForkedLock, ThatAThreadOfTheParentHoldsIsFreeInTheChildWhichIsTold)
{
    detail::tiny_lock lock;
    const held_elsewhere held(lock);

    EXPECT_EQ(exit_code_of_child([&] {
                  const bool whole = lock.lock();
                  lock.unlock();
                  const bool whole_now = lock.lock();
                  lock.unlock();
                  return !whole && whole_now ? 0 : 1;
              }),
              0);
}

TEST(ForkedLock, ThatNobodyHoldsIsWhole)
{
    detail::tiny_lock lock;

    EXPECT_EQ(exit_code_of_child([&] {
                  const bool whole = lock.lock();
                  lock.unlock();
                  return whole ? 0 : 1;
              }),
              0);
}

} // namespace

} // namespace cofutures::test
