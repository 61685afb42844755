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

TEST(HttpClient, ReturnsStatusHeadersAndBody)
{
    scripted_server server;
    client client;

    auto call = client.get(server.url("/a?b"));
    auto connection = server.accept();
    const std::string request = connection.read_request();
    connection.write_ok("hello", "X-One: 1\r\n");

    EXPECT_TRUE(request.starts_with("GET /a?b HTTP/1.1\r\nHost: 127.0.0.1:")) << request;
    const response& answer = call.result(watchdog);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.reason, "OK");
    EXPECT_EQ(answer.body, "hello");
    EXPECT_EQ(answer.headers.get("x-one"), "1");
    EXPECT_EQ(answer.url, server.url("/a?b"));
}

TEST(HttpClient, TreatsAnErrorStatusAsAResponse)
{
    scripted_server server;
    client client;

    auto call = client.get(server.url("/"));
    auto connection = server.accept();
    connection.read_request();
    connection.write("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone");

    EXPECT_EQ(call.result(watchdog).status, 404);
    EXPECT_EQ(call.result().body, "gone");
    EXPECT_THROW(call.result().ensure_success(), status_error);
}

TEST(HttpClient, ReadsAnAnswerThatArrivesByteByByte)
{
    scripted_server server;
    client client;

    auto call = client.get(server.url("/"));
    auto connection = server.accept();
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
                     1);

    EXPECT_EQ(call.result(watchdog).body, "abc");
}

TEST(HttpClient, SendsABodyWithItsLength)
{
    scripted_server server;
    client client;

    auto call =
        client.post(server.url("/"), "some text", {.headers = {{"Content-Type", "text/plain"}}});
    auto connection = server.accept();
    const std::string request = connection.read_request();
    connection.write("HTTP/1.1 204 No Content\r\n\r\n");

    EXPECT_TRUE(request.starts_with("POST / ")) << request;
    EXPECT_NE(request.find("Content-Type: text/plain\r\n"), std::string::npos);
    EXPECT_TRUE(request.ends_with("Content-Length: 9\r\n\r\nsome text")) << request;
    EXPECT_EQ(call.result(watchdog).status, 204);
}

TEST(HttpClient, AsksForHeadersOnly)
{
    scripted_server server;
    client client;

    auto call = client.head(server.url("/"));
    auto connection = server.accept();
    const std::string request = connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");

    EXPECT_TRUE(request.starts_with("HEAD / ")) << request;
    EXPECT_EQ(call.result(watchdog).headers.get("Content-Length"), "1000");
}

TEST(HttpClientConnections, AreKeptForTheNextRequest)
{
    scripted_server server;
    client client;

    auto first = client.get(server.url("/1"));
    auto connection = server.accept();
    connection.read_request();
    connection.write_ok("one");
    first.wait_for(watchdog);
    auto second = client.get(server.url("/2"));
    connection.read_request();
    connection.write_ok("two");

    EXPECT_EQ(second.result(watchdog).body, "two");
    EXPECT_EQ(client.stats().requests, 2u);
    EXPECT_EQ(client.stats().connections_opened, 1u);
    EXPECT_EQ(client.stats().connections_reused, 1u);
}

TEST(HttpClientConnections, AreClosedWhenTheServerAsksForIt)
{
    scripted_server server;
    client client;

    auto call = client.get(server.url("/"));
    auto connection = server.accept();
    connection.read_request();
    connection.write_ok("x", "Connection: close\r\n");

    EXPECT_EQ(call.result(watchdog).body, "x");
    connection.expect_closed();
}

TEST(HttpClientConnections, NeverExceedTheLimitAndServeTheQueueInOrder)
{
    scripted_server server;
    client client({.max_connections_per_host = 2});

    auto first = client.get(server.url("/1"));
    auto one = server.accept();
    one.read_request();
    auto second = client.get(server.url("/2"));
    auto two = server.accept();
    two.read_request();
    auto third = client.get(server.url("/3"));
    auto fourth = client.get(server.url("/4"));
    EXPECT_FALSE(third.running());

    two.write_ok("two");
    EXPECT_EQ(two.read_request().substr(0, 7), "GET /3 ");
    one.write_ok("one");
    EXPECT_EQ(one.read_request().substr(0, 7), "GET /4 ");
    two.write_ok("three");
    one.write_ok("four");

    EXPECT_EQ(first.result(watchdog).body, "one");
    EXPECT_EQ(third.result(watchdog).body, "three");
    EXPECT_EQ(fourth.result(watchdog).body, "four");
    EXPECT_EQ(client.stats().connections_opened, 2u);
}

TEST(HttpClientConnections, GoOnWithoutACallThatWasCancelledInTheQueue)
{
    scripted_server server;
    client client({.max_connections_per_host = 1});

    auto first = client.get(server.url("/1"));
    auto connection = server.accept();
    connection.read_request();
    auto second = client.get(server.url("/2"));
    auto third = client.get(server.url("/3"));
    EXPECT_TRUE(second.cancel());
    connection.write_ok("one");

    EXPECT_TRUE(connection.read_request().starts_with("GET /3 "));
    connection.write_ok("three");
    EXPECT_EQ(third.result(watchdog).body, "three");
    EXPECT_THROW(second.result(), cancelled_error);
}

TEST(HttpClientStale, RepeatsOnceWhenAKeptConnectionIsClosedUnderTheRequest)
{
    scripted_server server;
    client client;
    auto first = client.get(server.url("/1"));
    auto old = server.accept();
    old.read_request();
    old.write_ok("one");
    first.wait_for(watchdog);

    auto second = client.get(server.url("/2"));
    old.read_request();
    old.close();
    auto fresh = server.accept();
    EXPECT_TRUE(fresh.read_request().starts_with("GET /2 "));
    fresh.write_ok("two");

    EXPECT_EQ(second.result(watchdog).body, "two");
    EXPECT_EQ(client.stats().stale_retries, 1u);
}

TEST(HttpClientStale, DoesNotUseAConnectionThatIsKnownToBeClosed)
{
    scripted_server server;
    client client;
    auto first = client.get(server.url("/1"));
    {
        auto old = server.accept();
        old.read_request();
        old.write_ok("one");
        first.wait_for(watchdog);
    }

    auto second = client.post(server.url("/2"), "not to be repeated");
    auto fresh = server.accept();
    fresh.read_request();
    fresh.write_ok("two");

    EXPECT_EQ(second.result(watchdog).body, "two");
    EXPECT_EQ(client.stats().stale_retries, 0u);
}

TEST(HttpClientStale, NeverRepeatsAPost)
{
    scripted_server server;
    client client;
    auto first = client.get(server.url("/1"));
    auto old = server.accept();
    old.read_request();
    old.write_ok("one");
    first.wait_for(watchdog);

    auto second = client.post(server.url("/2"), "x");
    old.read_request();
    old.close();

    EXPECT_EQ(failure_of(second), errc::connection_closed);
}

TEST(HttpClientStale, NeverRepeatsAfterTheFirstByteOfAnAnswer)
{
    scripted_server server;
    client client;
    auto first = client.get(server.url("/1"));
    auto old = server.accept();
    old.read_request();
    old.write_ok("one");
    first.wait_for(watchdog);

    auto second = client.get(server.url("/2"));
    old.read_request();
    old.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
    old.close();

    EXPECT_EQ(failure_of(second), errc::body_truncated);
}

TEST(HttpClientRedirects, AreFollowedOverTheSameConnection)
{
    scripted_server server;
    client client;

    auto call = client.get(server.url("/old"));
    auto connection = server.accept();
    connection.read_request();
    connection.write("HTTP/1.1 302 Found\r\nLocation: new?x\r\nContent-Length: 4\r\n\r\nmove");
    EXPECT_TRUE(connection.read_request().starts_with("GET /new?x "));
    connection.write_ok("here");

    EXPECT_EQ(call.result(watchdog).body, "here");
    EXPECT_EQ(call.result().url, server.url("/new?x"));
    EXPECT_EQ(call.result().redirects, 1u);
}

TEST(HttpClientRedirects, WithholdCredentialsFromAnotherServer)
{
    scripted_server server;
    scripted_server other;
    client client({.addresses = {{"other.test", {"127.0.0.1"}}}});

    auto call = client.get(server.url("/"), {.headers = {{"Authorization", "Bearer secret"}}});
    auto connection = server.accept();
    EXPECT_NE(connection.read_request().find("Authorization: Bearer secret"), std::string::npos);
    connection.write("HTTP/1.1 307 Elsewhere\r\nLocation: " + other.url("/", "other.test") +
                     "\r\nContent-Length: 0\r\n\r\n");
    auto elsewhere = other.accept();
    const std::string request = elsewhere.read_request();
    elsewhere.write_ok("x");

    EXPECT_EQ(call.result(watchdog).body, "x");
    EXPECT_EQ(request.find("secret"), std::string::npos) << request;
    EXPECT_NE(request.find("Host: other.test:"), std::string::npos) << request;
}

TEST(HttpClientRedirects, EndAtTheLimit)
{
    scripted_server server;
    client client({.max_redirects = 2});

    auto call = client.get(server.url("/0"));
    auto connection = server.accept();
    for (int i = 0; i < 3; ++i) {
        connection.read_request();
        connection.write("HTTP/1.1 301 Round\r\nLocation: /0\r\nContent-Length: 0\r\n\r\n");
    }

    EXPECT_EQ(failure_of(call), errc::too_many_redirects);
}

TEST(HttpClientRedirects, AreReturnedWhereNoneAreAllowed)
{
    scripted_server server;
    client client;

    auto call = client.get(server.url("/"), {.max_redirects = 0});
    auto connection = server.accept();
    connection.read_request();
    connection.write("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 4\r\n\r\nmove");

    EXPECT_EQ(call.result(watchdog).status, 302);
    EXPECT_EQ(call.result().body, "move");
}

} // namespace

} // namespace cofutures::http
