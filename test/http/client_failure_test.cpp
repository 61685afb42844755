// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/error.hpp>
#include <cofutures/http/client.hpp>

#include "support/scripted_server.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace cofutures::http {

namespace {

using namespace std::chrono_literals;
using test::refused_port;
using test::scripted_connection;
using test::scripted_server;

constexpr auto watchdog = 10s;

// The failure of a call as a code; a success or another exception fails the test.
template <typename Result>
std::error_code failure_of(const future<Result>& call)
{
    try {
        call.result(watchdog);
        ADD_FAILURE() << "the request succeeded";
    } catch (const request_error& error) {
        return error.code();
    }
    return {};
}

TEST(HttpClientFailure, NamesTheUrlAndTheReason)
{
    const refused_port nobody;
    client client;
    const std::string address = "http://127.0.0.1:" + std::to_string(nobody.port()) + "/x";

    auto call = client.get(address);

    try {
        call.result(watchdog);
        FAIL() << "expected request_error";
    } catch (const request_error& error) {
        EXPECT_EQ(error.code(), std::errc::connection_refused);
        EXPECT_TRUE(is_retryable(error.code()));
        EXPECT_EQ(std::string(error.what()), address + ": Connection refused");
    }
}

TEST(HttpClientFailure, IsInTheFutureEvenForAMalformedUrl)
{
    client client;

    EXPECT_EQ(failure_of(client.get("no url")), errc::invalid_url);
    EXPECT_EQ(failure_of(client.get("ftp://h/")), errc::unsupported_scheme);
    EXPECT_EQ(failure_of(client.get(
                  "http://h/", {.headers = {{"Transfer-Encoding", "x"}}, .limits = time_limits{}})),
              errc::host_not_found);
}

TEST(HttpClientFailure, ReportsAnUnknownHost)
{
    client client({.addresses = {{"missing.test", {}}}});

    EXPECT_EQ(failure_of(client.get("http://missing.test/")), errc::host_not_found);
}

TEST(HttpClientFailure, TriesTheAddressesOfAHostInTurn)
{
    scripted_server server;
    // Nobody listens on ::1 at this port, or IPv6 does not exist: either way the next address is
    // tried.
    client client({.addresses = {{"both.test", {"::1", "127.0.0.1"}}}});

    auto call = client.get(server.url("/", "both.test"));
    auto connection = server.accept();
    connection.read_request();
    connection.write_ok("x");

    EXPECT_EQ(call.result(watchdog).body, "x");
}

TEST(HttpClientFailure, ReportsTruncatedAndMalformedAnswers)
{
    const std::pair<const char*, errc> cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", errc::body_truncated},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
         errc::body_truncated},
        {"HTTP/1.1 200 OK\r\nContent-", errc::connection_closed},
        {"", errc::connection_closed},
        {"220 smtp.example ESMTP\r\n\r\n", errc::bad_response},
    };
    for (const auto& [text, code] : cases) {
        SCOPED_TRACE(text);
        scripted_server server;
        client client;
        auto call = client.get(server.url("/"));
        auto connection = server.accept();
        connection.read_request();
        connection.write(text);
        connection.close();
        EXPECT_EQ(failure_of(call), code);
    }
}

TEST(HttpClientFailure, RefusesABodyBeyondTheLimit)
{
    scripted_server server;
    client client;

    auto call = client.get(server.url("/"), {.max_body = 3});
    auto connection = server.accept();
    connection.read_request();
    connection.write_ok("four");

    EXPECT_EQ(failure_of(call), errc::body_too_large);
    connection.expect_closed();
}

TEST(HttpClientTimeLimits, EndARequestThatNobodyAnswers)
{
    scripted_server server;
    client client;

    auto silent = client.get(server.url("/"), {.limits = time_limits{.idle = 20ms}});
    auto one = server.accept();
    EXPECT_EQ(failure_of(silent), errc::idle_timed_out);
    one.read_request();
    one.expect_closed();

    auto slow = client.get(server.url("/"), {.limits = time_limits{.total = 20ms}});
    auto two = server.accept();
    EXPECT_EQ(failure_of(slow), errc::total_timed_out);
}

TEST(HttpClientTimeLimits, DoNotCountTheTimeInTheQueue)
{
    scripted_server server;
    scripted_server silent;
    client client({.max_connections_per_host = 1});

    auto first = client.get(server.url("/1"));
    auto connection = server.accept();
    connection.read_request();
    auto queued = client.get(server.url("/2"), {.limits = time_limits{.total = 1s}});
    // What proves that more than a second passes is another request that times out.
    auto clock = client.get(silent.url("/"), {.limits = time_limits{.total = 1100ms}});
    EXPECT_EQ(failure_of(clock), errc::total_timed_out);
    connection.write_ok("one");
    connection.read_request();
    connection.write_ok("two");

    EXPECT_EQ(queued.result(watchdog).body, "two");
}

TEST(HttpClientStop, ClosesTheSocketAtOnce)
{
    scripted_server server;
    client client;

    auto call = client.get(server.url("/"));
    auto connection = server.accept();
    connection.read_request();
    call.request_stop();

    connection.expect_closed();
    EXPECT_THROW(call.result(watchdog), cancelled_error);
    EXPECT_TRUE(call.cancelled());
}

TEST(HttpClientStop, EndsEverythingAndLeavesTheClientUsable)
{
    scripted_server server;
    client client({.max_connections_per_host = 1});

    auto running = client.get(server.url("/1"));
    auto one = server.accept();
    one.read_request();
    auto queued = client.get(server.url("/2"));
    client.stop_all();

    EXPECT_THROW(running.result(watchdog), cancelled_error);
    EXPECT_THROW(queued.result(watchdog), cancelled_error);
    auto next = client.get(server.url("/3"));
    auto two = server.accept();
    two.read_request();
    two.write_ok("three");
    EXPECT_EQ(next.result(watchdog).body, "three");
}

TEST(HttpClientStop, HappensWhenTheClientIsDestroyed)
{
    scripted_server server;
    std::optional<client> client(std::in_place, client_options{.max_connections_per_host = 1});

    auto running = client->get(server.url("/1"));
    auto connection = server.accept();
    connection.read_request();
    auto queued = client->get(server.url("/2"));
    client.reset();

    connection.expect_closed();
    EXPECT_TRUE(running.cancelled());
    EXPECT_TRUE(queued.cancelled());
}

// It used to be written as it was, and the second line with it.
TEST(HttpClientOptions, LetNoUserAgentSmuggleAField)
{
    for (const char* text : {"a\r\nX: y", "a\nX: y", "a\r", "a\1b"}) {
        EXPECT_THROW(client({.user_agent = text}), std::invalid_argument) << text;
    }
    client({.user_agent = "caf\xc3\xa9 (a; b)\t1"});
}

TEST(HttpClientFailure, NeverTellsAPasswordThatWasInAUrl)
{
    client client;
    for (const char* address : {"http://me:s3cr3t@h/", "ftp://me:s3cr3t@h/", "http://h:s3cr3t@x"}) {
        for (const auto& text : {
                 [&] {
                     try {
                         client.get(address).result(watchdog);
                     } catch (const request_error& error) {
                         return error.url() + error.what();
                     }
                     return std::string("succeeded");
                 }(),
                 [&] {
                     try {
                         client.download(address, "").result(watchdog);
                     } catch (const request_error& error) {
                         return error.url() + error.what();
                     }
                     return std::string("succeeded");
                 }(),
             }) {
            EXPECT_NE(text, "succeeded");
            EXPECT_EQ(text.find("s3cr3t"), std::string::npos) << text;
        }
    }
}

// What the server says where the client would take an answer, on a connection that stays open.
TEST(HttpClientFailure, IsKnownAsSoonAsNoAnswerCanCome)
{
    for (const char* text : {"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
                             "HTTP/1.1 100 Continue\r\n\r\nhello",
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\n"}) {
        SCOPED_TRACE(text);
        scripted_server server;
        client client({.limits = {.idle = 1min}, .retries = {.max_tries = 4, .first_delay = 0ms}});
        auto call = client.get(server.url("/"));
        auto connection = server.accept();
        connection.read_request();
        connection.write(text);

        EXPECT_EQ(failure_of(call), errc::bad_response);
        EXPECT_EQ(client.stats().retries, 0u) << "it is not slow";
        connection.expect_closed();
    }
}

TEST(HttpClientOptions, MustAllowAConnection)
{
    EXPECT_THROW(client({.max_connections_per_host = 0}), std::invalid_argument);
}

} // namespace

} // namespace cofutures::http
