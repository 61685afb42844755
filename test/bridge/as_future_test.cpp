// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/asio/as_future.hpp>
#include <cofutures/asio/async_wait.hpp>
#include <cofutures/asio/io_context_executor.hpp>
#include <cofutures/wait.hpp>

#include "support/gate.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <vector>

namespace cofutures {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using test::watchdog;

constexpr std::chrono::hours never{1};

/// Posts the handler with the arguments of the operation.
class completion_in {
public:
    using executor_type = asio::io_context::executor_type;

    explicit completion_in(asio::io_context& context) : executor_(context.get_executor()) {}

    executor_type get_executor() const noexcept { return executor_; }

    template <typename Handler, typename... Values>
    void operator()(Handler handler, Values... values) const
    {
        asio::post(executor_,
                   [handler = std::move(handler), ... values = std::move(values)]() mutable {
                       std::move(handler)(std::move(values)...);
                   });
    }

private:
    executor_type executor_;
};

/// Completes in the context with the given arguments.
template <typename Signature, typename CompletionToken, typename... Args>
auto complete_with(asio::io_context& context, CompletionToken&& token, Args... args)
{
    return asio::async_initiate<CompletionToken, Signature>(
        completion_in(context), token, std::move(args)...);
}

TEST(AsFuture, OfATimerIsAFutureOfVoid)
{
    io_context_executor io;
    asio::steady_timer timer(io.context(), std::chrono::milliseconds(0));

    future<void> expired = timer.async_wait(as_future);

    EXPECT_TRUE(expired.wait_for(watchdog));
    EXPECT_NO_THROW(expired.result());
}

TEST(AsFuture, OfSocketsCarriesBytes)
{
    io_context_executor io;
    tcp::acceptor acceptor(io.context(), tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    tcp::socket client(io.context());
    std::array<char, 5> received{};

    future<tcp::socket> accepted = acceptor.async_accept(as_future);
    future<void> connected = client.async_connect(acceptor.local_endpoint(), as_future);
    connected.result(watchdog);
    tcp::socket server = accepted.take(watchdog);
    future<std::size_t> sent =
        asio::async_write(client, asio::buffer(std::string_view("hello")), as_future);
    future<std::size_t> read = asio::async_read(server, asio::buffer(received), as_future);

    EXPECT_EQ(sent.result(watchdog), 5U);
    EXPECT_EQ(read.result(watchdog), 5U);
    EXPECT_EQ(std::string(received.data(), received.size()), "hello");
}

TEST(AsFuture, AnErrorCodeIsASystemError)
{
    io_context_executor io;
    tcp::acceptor acceptor(io.context(), tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    tcp::socket client(io.context());
    client.connect(acceptor.local_endpoint());
    acceptor.accept().close();
    std::array<char, 1> nothing{};

    const auto read = client.async_read_some(asio::buffer(nothing), as_future);

    try {
        read.result(watchdog);
        FAIL() << "read from a closed connection";
    } catch (const boost::system::system_error& error) {
        EXPECT_EQ(error.code(), asio::error::eof);
    }
}

TEST(AsFuture, TheValueFollowsTheSignature)
{
    asio::io_context context;

    auto nothing = complete_with<void()>(context, as_future);
    auto number = complete_with<void(int)>(context, as_future, 1);
    auto move_only = complete_with<void(error_code, std::unique_ptr<int>)>(
        context, as_future, error_code(), std::make_unique<int>(2));
    auto several = complete_with<void(error_code, int, std::string)>(
        context, as_future, error_code(), 3, std::string("three"));
    auto after_exception =
        complete_with<void(std::exception_ptr, int)>(context, as_future, std::exception_ptr(), 4);
    context.run();

    static_assert(std::is_same_v<decltype(nothing), future<void>>);
    static_assert(std::is_same_v<decltype(number), future<int>>);
    static_assert(std::is_same_v<decltype(several), future<std::tuple<int, std::string>>>);
    EXPECT_NO_THROW(nothing.result());
    EXPECT_EQ(number.result(), 1);
    EXPECT_EQ(*move_only.take(), 2);
    EXPECT_EQ(several.result(), std::tuple(3, "three"));
    EXPECT_EQ(after_exception.result(), 4);
}

asio::awaitable<int> fail()
{
    throw std::out_of_range("no");
    co_return 1;
}

TEST(AsFuture, ACoroutineSpawnedWithItKeepsItsException)
{
    asio::io_context context;

    future<int> failed = asio::co_spawn(context, fail(), as_future);
    context.run();

    EXPECT_THROW(failed.result(), std::out_of_range);
}

TEST(AsFuture, IsRunningFromTheStartAndCannotBeCancelled)
{
    asio::io_context context;
    asio::steady_timer timer(context, never);

    const auto expired = timer.async_wait(as_future);

    EXPECT_TRUE(expired.running());
    EXPECT_FALSE(expired.cancel());
    timer.cancel();
    context.run();
    EXPECT_THROW(expired.result(), boost::system::system_error) << "nobody requested a stop";
}

TEST(AsFuture, RequestStopCancelsTheOperation)
{
    io_context_executor io;
    asio::steady_timer timer(io.context(), never);
    const auto expired = timer.async_wait(as_future);

    EXPECT_TRUE(expired.request_stop());

    EXPECT_THROW(expired.result(watchdog), cancelled_error);
    EXPECT_TRUE(expired.cancelled());
    EXPECT_FALSE(expired.request_stop());
}

TEST(AsFuture, IsABrokenPromiseWhenItsContextIsDestroyed)
{
    future<void> expired;
    std::optional<asio::steady_timer> timer;
    {
        asio::io_context context;
        timer.emplace(context, never);
        expired = timer->async_wait(as_future);
        timer.reset();
    }

    EXPECT_THROW(expired.result(), broken_promise);
}

TEST(AsFuture, MayOutliveItsContextAndStrand)
{
    future<void> posted;
    {
        asio::io_context context;
        posted = asio::post(asio::make_strand(context), as_future);
        context.run();
    }

    EXPECT_FALSE(posted.request_stop());
    EXPECT_NO_THROW(posted.result());
}

TEST(AsFuture, MixesWithOtherFutures)
{
    io_context_executor io;
    thread_pool_executor pool(1);
    asio::steady_timer timer(io.context(), never);
    const auto expired = timer.async_wait(as_future);
    const auto number = pool.submit([] { return 1; });

    const auto [done, not_done] =
        wait({expired, number}, {.timeout = watchdog, .return_when = return_when::first_completed});

    EXPECT_EQ(done, std::vector<any_future>{number});
    EXPECT_EQ(not_done, std::vector<any_future>{expired});
    expired.request_stop();
}

TEST(AsFuture, RequestStopRacesWithCompletionAndTheEndOfTheContext)
{
    for (int n = 0; n != 200; ++n) {
        auto io = std::make_unique<io_context_executor>();
        auto timer =
            std::make_unique<asio::steady_timer>(io->context(), std::chrono::microseconds(n));
        const auto expired = timer->async_wait(as_future);

        std::thread stopper([expired] { expired.request_stop(); });
        ASSERT_TRUE(expired.wait_for(watchdog));
        timer.reset();
        io.reset();
        stopper.join();

        EXPECT_TRUE(expired.cancelled() || expired.exception() == nullptr);
    }
}

} // namespace

} // namespace cofutures
