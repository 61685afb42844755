// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/error.hpp>
#include <cofutures/http/client.hpp>

#include "support/scripted_server.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>

namespace cofutures::http {

namespace {

using namespace std::chrono_literals;
using test::scripted_server;

constexpr auto watchdog = 10s;

TEST(HttpClientTotalLimit, HoldsOverAllHosts)
{
    scripted_server server;
    scripted_server other;
    client client({.max_connections_per_host = 2, .max_connections = 2});

    auto first = client.get(server.url("/1"));
    auto one = server.accept();
    one.read_request();
    auto second = client.get(server.url("/2"));
    auto two = server.accept();
    two.read_request();
    auto third = client.get(other.url("/3"));
    EXPECT_FALSE(third.running());

    one.write_ok("one", "Connection: close\r\n");
    auto three = other.accept();
    three.read_request();
    three.write_ok("three");
    two.write_ok("two");

    EXPECT_EQ(first.result(watchdog).body, "one");
    EXPECT_EQ(second.result(watchdog).body, "two");
    EXPECT_EQ(third.result(watchdog).body, "three");
}

TEST(HttpClientTotalLimit, LetsAnotherHostPassACrowdedOne)
{
    scripted_server crowded;
    scripted_server other;
    client client({.max_connections_per_host = 1, .max_connections = 2});

    auto first = client.get(crowded.url("/1"));
    auto one = crowded.accept();
    one.read_request();
    auto waits = client.get(crowded.url("/2"));
    auto passes = client.get(other.url("/3"));
    auto three = other.accept();
    three.read_request();
    three.write_ok("three");
    EXPECT_EQ(passes.result(watchdog).body, "three");
    EXPECT_FALSE(waits.running());

    one.write_ok("one");
    one.read_request();
    one.write_ok("two");
    EXPECT_EQ(waits.result(watchdog).body, "two");
}

TEST(HttpClientTotalLimit, ServesTheQueueInOrderAcrossHosts)
{
    scripted_server server;
    scripted_server other;
    client client({.max_connections_per_host = 5, .max_connections = 1});

    auto first = client.get(server.url("/1"));
    auto one = server.accept();
    one.read_request();
    auto second = client.get(other.url("/2"));
    auto third = client.get(server.url("/3"));
    one.write_ok("one");

    auto two = other.accept();
    two.read_request();
    EXPECT_FALSE(third.running());
    one.expect_closed(); // a kept connection, which a second one would have exceeded the limit with
    two.write_ok("two");
    auto three = server.accept();
    three.read_request();
    three.write_ok("three");

    EXPECT_EQ(second.result(watchdog).body, "two");
    EXPECT_EQ(third.result(watchdog).body, "three");
    EXPECT_EQ(client.stats().connections_open, 1u);
}

TEST(HttpClientTotalLimit, ForgetsCallsThatAreCancelledInTheQueue)
{
    scripted_server server;
    scripted_server other;
    client client({.max_connections_per_host = 1, .max_connections = 1});

    auto first = client.get(server.url("/1"));
    auto one = server.accept();
    one.read_request();
    auto gone = client.get(other.url("/2"));
    auto last = client.get(other.url("/3"));
    EXPECT_TRUE(gone.cancel());
    one.write_ok("one");
    auto three = other.accept();
    EXPECT_TRUE(three.read_request().starts_with("GET /3 "));
    three.write_ok("three");

    EXPECT_EQ(last.result(watchdog).body, "three");
}

TEST(HttpClientTotalLimit, MustAllowAConnection)
{
    EXPECT_THROW(client({.max_connections = 0}), std::invalid_argument);
}

TEST(HttpClientKeepAlive, ClosesAConnectionThatNobodyNeedsForTooLong)
{
    scripted_server server;
    client client({.keep_alive = 10ms});

    auto call = client.get(server.url("/"));
    auto connection = server.accept();
    connection.read_request();
    connection.write_ok("x");

    EXPECT_EQ(call.result(watchdog).body, "x");
    connection.expect_closed(); // within the server's watchdog, and without another request
}

TEST(HttpClientKeepAlive, MayLastForEver)
{
    scripted_server server;
    client client({.keep_alive = std::chrono::milliseconds::max()});

    auto first = client.get(server.url("/1"));
    auto connection = server.accept();
    connection.read_request();
    connection.write_ok("one");
    first.wait_for(watchdog);
    auto second = client.get(server.url("/2"));
    connection.read_request();
    connection.write_ok("two");

    EXPECT_EQ(second.result(watchdog).body, "two");
}

} // namespace

} // namespace cofutures::http
