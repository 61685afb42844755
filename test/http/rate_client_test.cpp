// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/error.hpp>
#include <cofutures/http/client.hpp>

#include "support/gate.hpp"
#include "support/origin_server.hpp"
#include "support/scripted_server.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

// The rate of a client's reading.

namespace cofutures::http {

namespace {

using namespace std::chrono_literals;
using test::gate;
using test::origin_server;
using test::raw_answer;
using test::scripted_server;

constexpr auto watchdog = std::chrono::seconds(10);

raw_answer ten_thousand_bytes(const std::string&)
{
    return {"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n" + std::string(10'000, 'x')};
}

std::chrono::steady_clock::duration time_for(client& client, const std::string& url, int requests)
{
    const auto began = std::chrono::steady_clock::now();
    std::vector<future<response>> calls;
    for (int i = 0; i != requests; ++i) {
        calls.push_back(client.get(url));
    }
    for (const auto& each : calls) {
        EXPECT_EQ(each.result(watchdog).body, std::string(10'000, 'x'));
    }
    return std::chrono::steady_clock::now() - began;
}

// 100,000 bytes at 200,000 a second, less a tenth of a second at the start and the last pieces of
// four connections, which nobody waits for.
constexpr auto least = 500ms - 100ms - 4 * 50ms;

TEST(HttpRate, HoldsOverAllConnections)
{
    const origin_server server(ten_thousand_bytes);
    client client({.max_connections_per_host = 4, .max_rate = 200'000});
    EXPECT_GE(time_for(client, "http://127.0.0.1:" + std::to_string(server.port()), 10), least);
}

TEST(HttpRate, HoldsForAHost)
{
    const origin_server server(ten_thousand_bytes);
    client client({.max_connections_per_host = 4, .max_rate_per_host = 200'000});
    EXPECT_GE(time_for(client, "http://127.0.0.1:" + std::to_string(server.port()), 10), least);
}

TEST(HttpRate, DoesNotHoldUpTimeLimitsNorCancellation)
{
    const origin_server server(ten_thousand_bytes);
    const std::string url = "http://127.0.0.1:" + std::to_string(server.port());
    client client({.max_rate = 1}); // some hours
    time_limits limits;
    limits.idle = 5s;
    limits.total = 200ms;
    try {
        client.get(url, {.limits = limits}).result(watchdog);
        FAIL();
    } catch (const request_error& error) {
        EXPECT_EQ(error.code(), errc::total_timed_out);
    }

    auto call = client.get(url);
    call.request_stop();
    EXPECT_THROW(call.result(watchdog), cancelled_error);
}

// Pieces of 1024 bytes at a speed of 1024 a second: the second one waits for 900 ms.
TEST(HttpRate, IsNeitherSilenceNorSlownessOfTheServer)
{
    const std::string body(1500, 'x');
    const origin_server server([&](const std::string&) {
        return raw_answer{"HTTP/1.1 200 OK\r\nContent-Length: 1500\r\n\r\n" + body};
    });
    time_limits limits;
    limits.idle = 500ms;
    limits.min_speed = 100'000;
    limits.min_speed_window = 500ms;
    client client({.max_rate = 1024, .limits = limits});
    const auto call = client.get("http://127.0.0.1:" + std::to_string(server.port()));
    EXPECT_EQ(call.result(watchdog).body, body);
}

TEST(HttpRate, OfOneByteASecondLeavesTheIdleLimitAlone)
{
    const origin_server server(ten_thousand_bytes);
    scripted_server silent;
    client client({.max_rate_per_host = 1});
    time_limits limits;
    limits.idle = 300ms;
    gate begun;
    const auto slow = client.get("http://127.0.0.1:" + std::to_string(server.port()),
                                 {.limits = limits, .on_event = [&begun](const event& what) {
                                      if (what.what == event::kind::progress) {
                                          begun.open();
                                      }
                                  }});
    begun.wait();
    // By the time that these have been silent for too long, it has waited twice as long.
    for (int i = 0; i != 2; ++i) {
        try {
            client.get(silent.url("/"), {.limits = limits}).result(watchdog);
            FAIL();
        } catch (const request_error& error) {
            EXPECT_EQ(error.code(), errc::idle_timed_out);
        }
    }
    EXPECT_FALSE(slow.done());
}

} // namespace

} // namespace cofutures::http
