// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// request_stop() of operations that do not show their executor, or consist of several steps.

#include <cofutures/asio/as_future.hpp>
#include <cofutures/asio/async_wait.hpp>
#include <cofutures/asio/io_context_executor.hpp>
#include <cofutures/promise.hpp>

#include "support/gate.hpp"
#include "support/held_loop.hpp"

#include <boost/asio/append.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/prepend.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace cofutures {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using test::gate;
using test::held_loop;
using test::watchdog;

constexpr std::chrono::hours never{1};

// ---- Where the request is emitted ----

/// An I/O object with one operation, which ends only when it is cancelled, and says where that was.
class deaf_object {
public:
    explicit deaf_object(asio::io_context& context) : executor_(context.get_executor()) {}

    asio::io_context::executor_type get_executor() const noexcept { return executor_; }

    /// The initiation has no executor; its argument points here, as in Beast.
    template <typename CompletionToken>
    auto async_wait(CompletionToken&& token)
    {
        return asio::async_initiate<CompletionToken, void(error_code)>(
            [](auto handler, deaf_object* self) {
                auto slot = asio::get_associated_cancellation_slot(handler);
                if (!slot.is_connected()) {
                    ADD_FAILURE() << "no slot";
                    return;
                }
                auto kept = std::make_shared<decltype(handler)>(std::move(handler));
                slot.assign([self, kept](asio::cancellation_type) {
                    self->emitted_on_executor_ = self->executor_.running_in_this_thread();
                    asio::post(self->executor_,
                               [kept] { std::move (*kept)(asio::error::operation_aborted); });
                });
            },
            token,
            this);
    }

    bool emitted_on_executor() const { return emitted_on_executor_; }

private:
    asio::io_context::executor_type executor_;
    std::atomic<bool> emitted_on_executor_ = false;
};

template <typename Token>
void expect_emitted_on_executor(const char* name, Token&& make_token)
{
    SCOPED_TRACE(name);
    io_context_executor io;
    deaf_object object(io.context());
    error_code redirected;

    const auto ended = object.async_wait(make_token(io.context(), redirected));
    EXPECT_TRUE(ended.request_stop());

    EXPECT_TRUE(ended.wait_for(watchdog));
    EXPECT_TRUE(object.emitted_on_executor());
}

TEST(AsFutureStop, IsEmittedOnTheExecutorOfTheObjectBehindEveryToken)
{
    using context = asio::io_context;
    expect_emitted_on_executor("as_future", [](context&, error_code&) { return as_future; });
    expect_emitted_on_executor("as_tuple",
                               [](context&, error_code&) { return asio::as_tuple(as_future); });
    expect_emitted_on_executor("append",
                               [](context&, error_code&) { return asio::append(as_future, 1); });
    expect_emitted_on_executor("prepend",
                               [](context&, error_code&) { return asio::prepend(as_future, 1); });
    expect_emitted_on_executor("redirect_error", [](context&, error_code& error) {
        return asio::redirect_error(as_future, error);
    });
    expect_emitted_on_executor("append as_tuple", [](context&, error_code&) {
        return asio::as_tuple(asio::append(as_future, 1));
    });
    expect_emitted_on_executor("bind_executor", [](context& loop, error_code&) {
        return asio::bind_executor(loop, as_future);
    });
    expect_emitted_on_executor("bind_executor in as_tuple", [](context& loop, error_code&) {
        return asio::as_tuple(asio::bind_executor(loop, as_future));
    });
}

TEST(AsFutureStop, IsEmittedOnTheBoundExecutorRatherThanTheObjects)
{
    io_context_executor elsewhere, io;
    deaf_object object(elsewhere.context());
    asio::steady_timer timer(elsewhere.context(), never);
    promise<bool> completed_on_bound;

    const auto expired = timer.async_wait(asio::bind_executor(io.context(), as_future));
    expired.add_done_callback([&](any_future) {
        completed_on_bound.set_result(io.context().get_executor().running_in_this_thread());
    });
    const auto ended = object.async_wait(asio::bind_executor(io.context(), as_future));
    expired.request_stop();
    ended.request_stop();

    EXPECT_THROW(expired.result(watchdog), cancelled_error);
    EXPECT_TRUE(completed_on_bound.get_future().result(watchdog));
    EXPECT_THROW(ended.result(watchdog), cancelled_error);
    EXPECT_FALSE(object.emitted_on_executor());
}

TEST(AsFutureStop, OfAParallelGroupWithABoundExecutorEndsAllOfIt)
{
    for (int n = 0; n != 50; ++n) {
        io_context_executor io(2);
        auto strand = asio::make_strand(io.context());
        asio::steady_timer left(strand, never), right(strand, never);
        const auto group = asio::experimental::make_parallel_group(left.async_wait(asio::deferred),
                                                                   right.async_wait(asio::deferred))
                               .async_wait(asio::experimental::wait_for_all(),
                                           asio::bind_executor(strand, as_future));

        group.request_stop();

        const auto [order, first, second] = group.result(watchdog);
        EXPECT_EQ(order.size(), 2U);
        EXPECT_EQ(first, asio::error::operation_aborted);
        EXPECT_EQ(second, asio::error::operation_aborted);
    }
}

// ---- Between two steps ----

TEST(AsFutureStop, OfASequenceThatGoesOnEndsItsNextStepToo)
{
    io_context_executor io;
    asio::steady_timer first(io.context(), never), second(io.context(), never);
    auto sequence = first.async_wait(
        asio::deferred([&](error_code) { return second.async_wait(asio::deferred); }));

    const auto ended = std::move(sequence)(asio::bind_executor(io.context(), as_future));
    ended.request_stop();

    EXPECT_THROW(ended.result(watchdog), cancelled_error);
}

/// A connection to a peer that the test plays by hand, with calls that block.
template <typename Stream>
struct connection {
    explicit connection(const asio::any_io_executor& executor) : stream(executor)
    {
        tcp::acceptor acceptor(elsewhere, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
        stream.connect(acceptor.local_endpoint());
        peer = acceptor.accept();
    }

    void send(std::string_view text) { asio::write(peer, asio::buffer(text)); }

    asio::io_context elsewhere;
    tcp::socket peer{elsewhere};
    Stream stream;
};

struct tcp_connection : connection<beast::tcp_stream> {
    using connection::connection;
};

const std::string half_a_header = "HTTP/1.1 200 OK\r\nX-Long: " + std::string(700, 'x');

/// Beast reads the first 512 bytes; the rest is there when the second step begins, so that its completion
/// stands in the loop's queue behind the emission, which finds nothing to cancel.
template <typename Read>
void stop_between_two_steps(Read read)
{
    io_context_executor io;
    tcp_connection connection(io.context().get_executor());
    beast::flat_buffer buffer;
    connection.send(half_a_header);
    held_loop loop(io);

    const auto ended = read(connection.stream, buffer);
    ended.request_stop();
    loop.release();

    EXPECT_TRUE(ended.wait_for(watchdog)) << "the request was lost";
    EXPECT_TRUE(ended.cancelled());
    connection.peer.close();
}

TEST(AsFutureStop, BetweenTwoStepsOfABeastReadIsNotLost)
{
    http::response<http::string_body> message;
    stop_between_two_steps([&](beast::tcp_stream& stream, beast::flat_buffer& buffer) {
        return http::async_read(stream, buffer, message, as_future);
    });
}

TEST(AsFutureStop, BetweenTwoStepsOfAReadWithAParserIsNotLost)
{
    http::response_parser<http::string_body> parser;
    stop_between_two_steps([&](beast::tcp_stream& stream, beast::flat_buffer& buffer) {
        return http::async_read_header(stream, buffer, parser, as_future);
    });
}

TEST(AsFutureStop, BetweenTwoStepsWithABoundExecutorIsNotLost)
{
    http::response<http::string_body> message;
    stop_between_two_steps([&](beast::tcp_stream& stream, beast::flat_buffer& buffer) {
        return http::async_read(
            stream, buffer, message, asio::bind_executor(stream.get_executor(), as_future));
    });
}

TEST(AsFutureStop, OfBeastOperationsInFlightComesThroughFromAnyThread)
{
    constexpr int rounds = 25;
    io_context_executor io(3);
    const auto stop_reads = [&io] {
        for (int n = 0; n != rounds; ++n) {
            tcp_connection connection(asio::make_strand(io.context()));
            http::request<http::empty_body> request(http::verb::get, "/", 11);
            beast::flat_buffer buffer;
            http::response<http::string_body> message;
            http::async_write(connection.stream, request, as_future).result(watchdog);
            promise<future<std::size_t>> started;
            // Begun on the strand, since the connection's own threads go on at once.
            asio::post(connection.stream.get_executor(), [&] {
                started.set_result(http::async_read(connection.stream, buffer, message, as_future));
            });
            const auto read = started.get_future().result(watchdog);
            std::thread sender([&] {
                connection.send(half_a_header);
                connection.send("y");
            });

            read.request_stop();

            EXPECT_TRUE(read.wait_for(watchdog)) << "the request was lost";
            EXPECT_TRUE(read.cancelled());
            sender.join();
        }
    };
    std::vector<std::thread> users;
    for (int n = 0; n != 3; ++n) {
        users.emplace_back(stop_reads);
    }
    for (auto& user : users) {
        user.join();
    }
}

asio::awaitable<std::string> clean_up(gate& begun)
{
    asio::steady_timer timer(co_await asio::this_coro::executor, never);
    try {
        begun.open();
        co_await timer.async_wait(asio::use_awaitable);
    } catch (const boost::system::system_error&) {
    }
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    for (int n = 0; n != 3; ++n) {
        timer.expires_after(std::chrono::milliseconds(1));
        co_await timer.async_wait(asio::use_awaitable);
    }
    co_return "cleaned up";
}

TEST(AsFutureStop, OfASpawnedCoroutineIsEmittedOnceSoThatItMayCleanUp)
{
    for (const int threads : {1, 2}) {
        gate begun;
        io_context_executor io(threads);
        const auto tidy =
            asio::co_spawn(asio::make_strand(io.context()), clean_up(begun), as_future);
        begun.wait();

        tidy.request_stop();

        EXPECT_EQ(tidy.result(watchdog), "cleaned up");
    }
}

TEST(AsFutureStop, AFutureOfASpawnedCoroutineMayOutliveContextAndStrand)
{
    gate begun;
    future<std::string> kept;
    {
        io_context_executor io;
        kept = asio::co_spawn(asio::make_strand(io.context()), clean_up(begun), as_future);
        begun.wait();
        kept.request_stop();
        kept.wait();
    }

    EXPECT_FALSE(kept.request_stop());
    EXPECT_EQ(kept.result(), "cleaned up");
}

} // namespace

} // namespace cofutures
