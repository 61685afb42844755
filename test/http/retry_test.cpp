// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/error.hpp>
#include <cofutures/http/client.hpp>

#include "support/scripted_server.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>

#include <unistd.h>

namespace cofutures::http {

namespace {

using namespace std::chrono_literals;
using test::refused_port;
using test::scripted_connection;
using test::scripted_server;

constexpr auto watchdog = 10s;
constexpr const char* busy = "HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 4\r\n\r\nbusy";

client_options at_once(std::size_t tries)
{
    return {.retries = {.max_tries = tries, .first_delay = 0ms}};
}

std::string failure_of(const future<response>& call)
{
    try {
        return "status " + std::to_string(call.result(watchdog).status);
    } catch (const request_error& error) {
        return error.reason();
    }
}

TEST(HttpRetry, RepeatsAnAnswerThatMeansLater)
{
    scripted_server server;
    client client(at_once(3));

    auto call = client.get(server.url("/"));
    auto connection = server.accept();
    connection.read_request();
    connection.write(busy);
    connection.read_request(); // over the same connection, which was kept
    connection.write_ok("ready");

    EXPECT_EQ(call.result(watchdog).body, "ready");
    EXPECT_EQ(call.result().tries, 2u);
    EXPECT_EQ(client.stats().retries, 1u);
}

TEST(HttpRetry, ReturnsTheLastAnswerWhenNoTryIsLeft)
{
    scripted_server server;
    client client(at_once(2));

    auto call = client.get(server.url("/"));
    auto connection = server.accept();
    for (int i = 0; i < 2; ++i) {
        connection.read_request();
        connection.write(busy);
    }

    EXPECT_EQ(call.result(watchdog).status, 503);
    EXPECT_EQ(call.result().body, "busy");
    EXPECT_EQ(call.result().tries, 2u);
}

// Ten minutes of patience are not for bodies that take longer.
TEST(HttpRetry, RepeatsABodyThatTookLongerThanItsBudget)
{
    scripted_server server;
    scripted_server silent;
    client_options options = at_once(2);
    options.retries.budget = 2s;
    client client(options);

    auto call = client.get(server.url("/"));
    {
        auto connection = server.accept();
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na");
        // What proves that more than two seconds pass is another request that times out.
        auto clock = client.get(
            silent.url("/"), {.limits = time_limits{.total = 2500ms}, .retries = retry_policy{}});
        EXPECT_THROW(clock.result(watchdog), request_error);
        connection.write("b");
    }
    auto connection = server.accept();
    connection.read_request();
    connection.write_ok("abc");

    EXPECT_EQ(call.result(watchdog).body, "abc");
}

// The server asks for an hour; who may wait that long, waits, and nobody else.
TEST(HttpRetry, LeavesAServerAloneThatAsksForIt)
{
    scripted_server server;
    client_options options = at_once(2);
    options.retries.budget = {};
    client client(options);
    const request_options impatient{
        .retries = retry_policy{.max_tries = 2, .first_delay = 0ms, .budget = 10min}};

    auto first = client.get(server.url("/first"), impatient);
    auto connection = server.accept();
    connection.read_request();
    connection.write("HTTP/1.1 429 Slow\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(first.result(watchdog).status, 429);

    const auto patient = client.get(server.url("/patient"));
    auto second = client.get(server.url("/second"), impatient);
    EXPECT_TRUE(connection.read_request().starts_with("GET /second "));
    connection.write_ok("here");
    EXPECT_EQ(second.result(watchdog).body, "here");
    auto third = client.get(server.url("/third"), {.retries = retry_policy{}});
    EXPECT_TRUE(connection.read_request().starts_with("GET /third "));
    connection.write_ok("here");
    EXPECT_EQ(third.result(watchdog).body, "here");

    EXPECT_FALSE(patient.done());
    EXPECT_TRUE(patient.cancel());
    EXPECT_EQ(client.stats().requests, 3u);
}

// The queue holds those who were asked to wait while they waited for a connection.
TEST(HttpRetry, LeavesAServerAloneWhoeverIsInTheQueue)
{
    scripted_server server;
    client_options options = at_once(2);
    options.max_connections_per_host = 1;
    client client(options);

    auto first = client.get(server.url("/first"), {.retries = retry_policy{}});
    auto connection = server.accept();
    connection.read_request();
    auto queued = client.get(server.url("/queued"));
    auto last = client.get(server.url("/last"), {.retries = retry_policy{}});
    connection.write("HTTP/1.1 503 Slow\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(first.result(watchdog).status, 503);

    EXPECT_TRUE(connection.read_request().starts_with("GET /last "));
    connection.write_ok("here");
    EXPECT_EQ(last.result(watchdog).body, "here");
    EXPECT_TRUE(queued.cancel());
}

TEST(HttpRetry, ReturnsOtherAnswersAtOnce)
{
    scripted_server server;
    client client(at_once(2));

    auto call = client.get(server.url("/"));
    auto connection = server.accept();
    connection.read_request();
    connection.write("HTTP/1.1 404 Gone\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n");

    EXPECT_EQ(call.result(watchdog).status, 404);
    EXPECT_EQ(call.result().tries, 1u);
}

TEST(HttpRetry, RepeatsFailuresThatMayPass)
{
    scripted_server server;
    client client(at_once(5));

    auto call = client.get(server.url("/"));
    {
        auto closed = server.accept();
        closed.read_request();
    }
    {
        auto reset = server.accept();
        reset.read_request();
        reset.reset();
    }
    {
        auto cut = server.accept();
        cut.read_request();
        cut.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    }
    auto good = server.accept();
    good.read_request();
    good.write_ok("whole");

    EXPECT_EQ(call.result(watchdog).body, "whole");
    EXPECT_EQ(call.result().tries, 4u);
}

TEST(HttpRetry, CountsTheTriesInTheLastFailure)
{
    const refused_port nobody;
    client client(at_once(3));
    auto call = client.get("http://127.0.0.1:" + std::to_string(nobody.port()) + "/");
    EXPECT_EQ(failure_of(call), "Connection refused: after 3 tries");
}

TEST(HttpRetry, EndsAtOnceWithAFailureThatWillNotPass)
{
    scripted_server server;
    client client(at_once(3));

    auto call = client.get(server.url("/"));
    auto connection = server.accept();
    connection.read_request();
    connection.write("220 smtp.example ESMTP\r\n\r\n");

    EXPECT_TRUE(failure_of(call).starts_with("malformed response"));
    EXPECT_EQ(client.stats().retries, 0u);
}

TEST(HttpRetry, GivesEachTryItsOwnIdleLimit)
{
    scripted_server server;
    client client(at_once(2));

    // Long enough for the second try to be answered on a crowded machine.
    auto call = client.get(server.url("/"), {.limits = time_limits{.idle = 500ms}});
    auto silent = server.accept();
    silent.read_request();
    silent.expect_closed();
    auto answers = server.accept();
    answers.read_request();
    answers.write_ok("now");

    EXPECT_EQ(call.result(watchdog).body, "now");
}

TEST(HttpRetry, DoesNotOutliveTheTotalLimit)
{
    scripted_server server;
    client client(at_once(1000));

    auto call = client.get(server.url("/"), {.limits = time_limits{.total = 30ms}});
    auto silent = server.accept();
    silent.read_request();

    EXPECT_TRUE(failure_of(call).starts_with("timed out, the whole request took too long"));
    EXPECT_EQ(client.stats().retries, 0u);
}

TEST(HttpRetry, GivesUpWhereTheServerWantsToWaitBeyondTheLimit)
{
    scripted_server server;
    client client(at_once(3));

    auto call = client.get(server.url("/"), {.limits = time_limits{.total = 30s}});
    auto connection = server.accept();
    connection.read_request();
    connection.write("HTTP/1.1 429 Slow\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n");

    EXPECT_EQ(call.result(watchdog).status, 429);
    EXPECT_EQ(call.result().tries, 1u);
}

TEST(HttpRetry, NeverRepeatsAPostThatWasSent)
{
    scripted_server server;
    client client(at_once(3));

    auto answered = client.post(server.url("/"), "x");
    {
        auto connection = server.accept();
        connection.read_request();
        connection.write(busy);
        EXPECT_EQ(answered.result(watchdog).status, 503);
    }
    auto lost = client.post(server.url("/"), "x");
    auto connection = server.accept();
    connection.read_request();
    connection.close();

    EXPECT_TRUE(failure_of(lost).starts_with("connection closed"));
    EXPECT_EQ(client.stats().retries, 0u);
}

TEST(HttpRetry, NeverRepeatsAPostThatWasRedirectedToAGet)
{
    scripted_server server;
    client client(at_once(3));

    auto call = client.post(server.url("/"), "x");
    auto connection = server.accept();
    connection.read_request();
    connection.write("HTTP/1.1 303 See\r\nLocation: /done\r\nContent-Length: 0\r\n\r\n");
    EXPECT_TRUE(connection.read_request().starts_with("GET /done "));
    connection.write(busy);

    EXPECT_EQ(call.result(watchdog).status, 503);
}

TEST(HttpRetry, RepeatsAPostOfWhichNothingWasSent)
{
    const refused_port nobody;
    client client(at_once(2));
    auto call = client.post("http://127.0.0.1:" + std::to_string(nobody.port()) + "/", "x");
    EXPECT_EQ(failure_of(call), "Connection refused: after 2 tries");
}

TEST(HttpRetry, BeginsAgainWhereTheRedirectsBegan)
{
    scripted_server server;
    client client(at_once(2));

    auto call = client.get(server.url("/start"));
    auto connection = server.accept();
    connection.read_request();
    connection.write("HTTP/1.1 302 Found\r\nLocation: /mirror1\r\nContent-Length: 0\r\n\r\n");
    connection.read_request();
    connection.write(busy);
    EXPECT_TRUE(connection.read_request().starts_with("GET /start "));
    connection.write("HTTP/1.1 302 Found\r\nLocation: /mirror2\r\nContent-Length: 0\r\n\r\n");
    connection.read_request();
    connection.write_ok("x");

    EXPECT_EQ(call.result(watchdog).url, server.url("/mirror2"));
    EXPECT_EQ(call.result().redirects, 1u);
}

TEST(HttpRetry, LeavesItsTurnToOthersWhileItWaits)
{
    scripted_server server;
    client client({.max_connections_per_host = 1});

    auto patient =
        client.get(server.url("/1"),
                   {.retries = retry_policy{
                        .max_tries = 2, .first_delay = 1h, .max_delay = 1h, .budget = {}}});
    auto connection = server.accept();
    connection.read_request();
    connection.write("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
    auto other = client.get(server.url("/2"));
    EXPECT_TRUE(connection.read_request().starts_with("GET /2 "));
    connection.write_ok("two");

    EXPECT_EQ(other.result(watchdog).body, "two");
    EXPECT_FALSE(patient.done());
    patient.request_stop();
    EXPECT_THROW(patient.result(watchdog), cancelled_error);
}

TEST(HttpRetry, BeginsADownloadAgain)
{
    const auto path =
        std::filesystem::temp_directory_path() / ("cofutures_retry_" + std::to_string(::getpid()));
    scripted_server server;
    client client(at_once(2));

    auto call = client.download(server.url("/"), path);
    {
        auto cut = server.accept();
        cut.read_request();
        cut.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + std::string(900'000, 'x'));
    }
    auto good = server.accept();
    good.read_request();
    good.write_ok("whole");

    EXPECT_EQ(call.result(watchdog).size, 5u);
    EXPECT_EQ(std::filesystem::file_size(path), 5u);
    std::filesystem::remove(path);
}

} // namespace

} // namespace cofutures::http
