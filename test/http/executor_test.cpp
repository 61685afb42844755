// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/asio/async_wait.hpp>
#include <cofutures/asio/io_context_executor.hpp>
#include <cofutures/error.hpp>
#include <cofutures/http/client.hpp>
#include <cofutures/thread_pool_executor.hpp>

#include "support/scripted_server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cofutures::http {

namespace {

using namespace std::chrono_literals;
using test::scripted_connection;
using test::scripted_server;

constexpr auto watchdog = 10s;

boost::asio::awaitable<std::size_t> total_size(client& fetcher, std::string one, std::string two)
{
    const response first = co_await fetcher.get(one);
    const response second = co_await fetcher.get(two);
    co_return first.body.size() + second.body.size();
}

TEST(HttpClientInACoroutine, IsSimplyAwaited)
{
    scripted_server server;
    client client;
    io_context_executor io;

    auto sum = io.submit(total_size, std::ref(client), server.url("/1"), server.url("/2"));
    auto connection = server.accept();
    connection.read_request();
    connection.write_ok("one");
    connection.read_request();
    connection.write_ok("three");

    EXPECT_EQ(sum.result(watchdog), 8u);
}

boost::asio::awaitable<void> nothing()
{
    co_return;
}

TEST(HttpClientInACoroutine, IsStoppedWithIt)
{
    scripted_server server;
    client client;
    io_context_executor io;

    auto sum = io.submit(total_size, std::ref(client), server.url("/1"), server.url("/2"));
    auto connection = server.accept();
    connection.read_request();
    // Once another coroutine has run on the only thread, the first one waits in its co_await.
    io.submit(nothing).wait_for(watchdog);
    sum.request_stop();

    connection.expect_closed();
    EXPECT_TRUE(sum.wait_for(watchdog));
    EXPECT_TRUE(sum.cancelled());
}

boost::asio::awaitable<std::string> body_of(client& fetcher, std::string url)
{
    co_return (co_await fetcher.get(url)).body;
}

boost::asio::awaitable<std::string>
body_within(client& fetcher, std::string url, boost::asio::steady_timer& deadline)
{
    using boost::asio::as_tuple;
    using boost::asio::use_awaitable;
    using namespace boost::asio::experimental::awaitable_operators;
    const auto first =
        co_await (body_of(fetcher, url) || deadline.async_wait(as_tuple(use_awaitable)));
    co_return first.index() == 0 ? std::get<0>(first) : "too late";
}

TEST(HttpClientInACoroutine, IsStoppedByADeadlineOfTheCaller)
{
    scripted_server server;
    client client;
    io_context_executor io;
    boost::asio::steady_timer deadline(io.context(), boost::asio::steady_timer::time_point::max());

    auto body = io.submit(body_within, std::ref(client), server.url("/"), std::ref(deadline));
    auto connection = server.accept();
    connection.read_request();
    boost::asio::post(io.context(), [&deadline] { deadline.cancel(); });

    connection.expect_closed();
    EXPECT_EQ(body.result(watchdog), "too late");
}

TEST(HttpClientOnABorrowedExecutor, RunsThereAndEndsBeforeIt)
{
    scripted_server server;
    io_context_executor io(2);
    std::optional<client> borrowing(std::in_place, client_options{.io = &io});

    auto answered = borrowing->get(server.url("/1"));
    auto connection = server.accept();
    connection.read_request();
    connection.write_ok("one");
    EXPECT_EQ(answered.result(watchdog).body, "one");
    auto unanswered = borrowing->get(server.url("/2"));
    connection.read_request();
    borrowing.reset();

    connection.expect_closed();
    EXPECT_TRUE(unanswered.cancelled());
}

boost::asio::awaitable<std::string> with_a_client_of_its_own(io_context_executor& io,
                                                             std::string url)
{
    client local({.io = &io});
    const response answer = co_await local.get(url);
    auto unanswered = local.get(url);
    co_return answer.body;
}

TEST(HttpClientOnABorrowedExecutor, MayEndInACoroutineThere)
{
    scripted_server server;
    io_context_executor io;

    auto body = io.submit(with_a_client_of_its_own, std::ref(io), server.url("/"));
    auto connection = server.accept();
    connection.read_request();
    connection.write_ok("one");

    EXPECT_EQ(body.result(watchdog), "one");
    connection.wait_closed();
}

TEST(HttpClientInACallback, MayEndThere)
{
    scripted_server server;
    auto last = std::make_unique<client>();

    auto call = last->get(server.url("/1"));
    auto other = last->get(server.url("/2"));
    auto ended = call.then([&last](const response& answer) {
        last.reset();
        return answer.body;
    });
    auto connection = server.accept();
    auto second = server.accept();
    connection.read_request();
    second.read_request();
    connection.write_ok("one");

    EXPECT_EQ(ended.result(watchdog), "one");
    EXPECT_THROW(other.result(watchdog), cancelled_error);
}

TEST(HttpClientUnderThreads, ServesManyCallersAtOnce)
{
    constexpr int calls = 200;
    scripted_server server;
    io_context_executor io(2);
    client client({.max_connections_per_host = 1, .io = &io});
    thread_pool_executor pool(4);

    std::vector<future<std::string>> bodies;
    const auto fetch = [&client, &server](int number) {
        return client.get(server.url("/" + std::to_string(number))).result(watchdog).body;
    };
    for (int i = 0; i < calls; ++i) {
        bodies.push_back(pool.submit(fetch, i));
    }
    auto connection = server.accept();
    for (int i = 0; i < calls; ++i) {
        const std::string request = connection.read_request();
        connection.write_ok(request.substr(5, request.find(' ', 5) - 5));
    }

    for (int i = 0; i < calls; ++i) {
        EXPECT_EQ(bodies[static_cast<std::size_t>(i)].result(watchdog), std::to_string(i));
    }
    EXPECT_EQ(client.stats().connections_opened, 1u);
}

} // namespace

} // namespace cofutures::http
