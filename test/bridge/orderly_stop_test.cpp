// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// What was asked to stop and does is cancelled, whatever error says so; and only then.

#include <cofutures/asio/as_future.hpp>
#include <cofutures/asio/io_context_executor.hpp>
#include <cofutures/promise.hpp>
#include <cofutures/thread_pool_executor.hpp>

#include "support/error_reports.hpp"
#include "support/gate.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <exception>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace cofutures {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using test::gate;
using test::watchdog;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor" // of Boost's base class

/// Another library's errors, of which 7 means "cancelled".
class other_category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "other"; }
    std::string message(int) const override { return "an error of another library"; }
    boost::system::error_condition default_error_condition(int value) const noexcept override
    {
        namespace errc = boost::system::errc;
        return value == 7 ? errc::make_error_condition(errc::operation_canceled)
                          : boost::system::error_condition(value, *this);
    }
};

#pragma GCC diagnostic pop

const other_category other;

template <typename Error>
std::exception_ptr with_nested(Error error)
{
    try {
        try {
            throw error;
        } catch (...) {
            std::throw_with_nested(std::runtime_error("while loading"));
        }
    } catch (...) {
        return std::current_exception();
    }
}

struct spelling {
    std::string name;
    std::exception_ptr error;
};

std::vector<spelling> orderly_ends()
{
    const boost::system::system_error aborted(asio::error::operation_aborted);
    const boost::system::system_error channel(asio::experimental::error::channel_cancelled);
    return {
        {"cancelled_error", std::make_exception_ptr(cancelled_error())},
        {"operation_aborted", std::make_exception_ptr(aborted)},
        {"channel_cancelled", std::make_exception_ptr(channel)},
        {"another library's code",
         std::make_exception_ptr(boost::system::system_error(error_code(7, other)))},
        {"std::errc",
         std::make_exception_ptr(
             std::system_error(std::make_error_code(std::errc::operation_canceled)))},
        {"a boost code in std::system_error",
         std::make_exception_ptr(std::system_error(
             static_cast<std::error_code>(error_code(asio::error::operation_aborted))))},
        {"multiple_exceptions",
         std::make_exception_ptr(asio::multiple_exceptions(std::make_exception_ptr(aborted)))},
        {"nested", with_nested(aborted)},
        {"nested twice", with_nested(asio::multiple_exceptions(std::make_exception_ptr(channel)))},
    };
}

std::vector<spelling> failures()
{
    const boost::system::system_error eof(asio::error::eof);
    return {
        {"runtime_error", std::make_exception_ptr(std::runtime_error("x"))},
        {"eof", std::make_exception_ptr(eof)},
        {"channel_closed",
         std::make_exception_ptr(
             boost::system::system_error(asio::experimental::error::channel_closed))},
        {"another library's code",
         std::make_exception_ptr(boost::system::system_error(error_code(8, other)))},
        {"multiple_exceptions",
         std::make_exception_ptr(asio::multiple_exceptions(std::make_exception_ptr(eof)))},
        {"nested", with_nested(eof)},
        {"no exception class", std::make_exception_ptr(7)},
    };
}

class OrderlyStop : public testing::Test {
protected:
    test::error_reports reports; // one that nobody expects fails the test
};

TEST_F(OrderlyStop, OfAPromiseIsCancelledInEverySpelling)
{
    for (const auto& [name, error] : orderly_ends()) {
        SCOPED_TRACE(name);
        promise<int> work;
        work.set_running_or_notify_cancel();
        const auto future = work.get_future();
        future.request_stop();

        work.set_exception(error);

        EXPECT_TRUE(future.cancelled());
    }
}

TEST_F(OrderlyStop, WithoutARequestIsAFailureInEverySpelling)
{
    for (const auto& [name, error] : orderly_ends()) {
        SCOPED_TRACE(name);
        promise<int> work;
        work.set_running_or_notify_cancel();
        const auto future = work.get_future();

        work.set_exception(error);

        EXPECT_FALSE(future.cancelled());
        EXPECT_TRUE(future.exception());
    }
}

TEST_F(OrderlyStop, IsNotWhatEndsWithAnyOtherError)
{
    for (const auto& [name, error] : failures()) {
        SCOPED_TRACE(name);
        promise<int> work;
        work.set_running_or_notify_cancel();
        const auto future = work.get_future();
        future.request_stop();

        work.set_exception(error);

        EXPECT_FALSE(future.cancelled());
        EXPECT_TRUE(future.exception());
    }
}

TEST_F(OrderlyStop, OfATaskOfAPoolAndOfAContinuationIsCancelled)
{
    for (const auto& [name, thrown] : orderly_ends()) {
        SCOPED_TRACE(name);
        const std::exception_ptr error = thrown;
        gate begun, stopped;
        thread_pool_executor pool(1);
        const test::opens_at_exit release(stopped);
        const auto task = [&, error] {
            begun.open();
            stopped.wait();
            std::rethrow_exception(error);
        };

        const auto direct = pool.submit(task);
        const auto chained = pool.submit([] {}).then(task);
        begun.wait();
        direct.request_stop();
        stopped.open();
        direct.wait();
        EXPECT_TRUE(direct.cancelled());

        gate second_begun, second_stopped;
        const test::opens_at_exit second_release(second_stopped);
        const auto second = pool.submit([] {}).then(pool, [&, error] {
            second_begun.open();
            second_stopped.wait();
            std::rethrow_exception(error);
        });
        second_begun.wait();
        second.request_stop();
        second_stopped.open();
        second.wait();
        EXPECT_TRUE(second.cancelled());

        EXPECT_TRUE(chained.exception(watchdog)) << "nobody asked this one";
    }
}

// ---- Coroutines that wait for several things ----

using channel = asio::experimental::channel<void(error_code, int)>;

asio::awaitable<void> wait_for_ever()
{
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
    co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<int> receive(gate& begun)
{
    channel numbers(co_await asio::this_coro::executor);
    begun.open();
    co_return co_await numbers.async_receive(asio::use_awaitable);
}

asio::awaitable<int> first_of_two(gate& begun)
{
    using namespace asio::experimental::awaitable_operators;
    begun.open();
    const auto which = co_await (wait_for_ever() || wait_for_ever());
    co_return static_cast<int>(which.index());
}

asio::awaitable<int> both_of_two(gate& begun)
{
    using namespace asio::experimental::awaitable_operators;
    begun.open();
    co_await (wait_for_ever() && wait_for_ever());
    co_return 2;
}

asio::awaitable<int> says_what_it_was_doing(gate& begun)
{
    begun.open();
    try {
        co_await wait_for_ever();
    } catch (...) {
        std::throw_with_nested(std::runtime_error("while waiting"));
    }
    co_return 0;
}

using coroutine_function = asio::awaitable<int> (*)(gate&);

const std::pair<const char*, coroutine_function> coroutines[] = {
    {"channel", receive},
    {"a || b", first_of_two},
    {"a && b", both_of_two},
    {"nested", says_what_it_was_doing},
};

TEST_F(OrderlyStop, OfASubmittedCoroutineIsCancelledWhateverItWaitsFor)
{
    for (const int threads : {1, 4}) {
        io_context_executor io(threads);
        for (const auto& [name, coroutine] : coroutines) {
            SCOPED_TRACE(name);
            gate begun;
            const auto future = io.submit(coroutine, std::ref(begun));
            begun.wait();

            future.request_stop();

            EXPECT_THROW(future.result(watchdog), cancelled_error);
        }
        io.shutdown();
        EXPECT_EQ(io.stats().cancelled, std::size(coroutines));
        EXPECT_EQ(io.stats().failed, 0U);
    }
}

TEST_F(OrderlyStop, OfASpawnedCoroutineIsCancelledWhateverItWaitsFor)
{
    for (const auto& [name, coroutine] : coroutines) {
        SCOPED_TRACE(name);
        gate begun;
        io_context_executor io;
        const auto future = asio::co_spawn(io.context(), coroutine(begun), as_future);
        begun.wait();

        future.request_stop();

        EXPECT_THROW(future.result(watchdog), cancelled_error);
    }
}

TEST_F(OrderlyStop, OfAnOperationOnAChannelIsCancelled)
{
    io_context_executor io;
    channel numbers(io.context());
    const auto future = numbers.async_receive(as_future);

    future.request_stop();

    EXPECT_THROW(future.result(watchdog), cancelled_error);
}

TEST_F(OrderlyStop, IsNoFailureThatIsReportedWhenNobodyLooks)
{
    io_context_executor io;
    for (const auto& [name, coroutine] : coroutines) {
        gate begun;
        const auto submitted = io.submit(coroutine, std::ref(begun));
        begun.wait();
        submitted.request_stop();
        gate spawned_begun;
        const auto spawned = asio::co_spawn(io.context(), coroutine(spawned_begun), as_future);
        spawned_begun.wait();
        spawned.request_stop();
        submitted.wait();
        spawned.wait();
    }
    io.shutdown();

    EXPECT_TRUE(reports.take().empty());
}

} // namespace

} // namespace cofutures
