// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "support/error_reports.hpp"
#include "tls_support.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// What observers hear.

namespace cofutures::http {

namespace {

using namespace std::chrono_literals;

// Collects events; copies share what they have collected.
class event_log {
public:
    struct entry {
        event what;
        std::string url;
    };

    void operator()(const event& what) const
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->entries.push_back({what, std::string(what.url)});
    }

    std::vector<entry> entries() const
    {
        const std::lock_guard lock(shared_->mutex);
        return shared_->entries;
    }

    /// All their names, each followed by a blank.
    std::string names() const
    {
        std::string text;
        for (const entry& each : entries()) {
            text += name_of(each.what.what);
            text += ' ';
        }
        return text;
    }

private:
    struct state {
        std::mutex mutex;
        std::vector<entry> entries;
    };
    std::shared_ptr<state> shared_ = std::make_shared<state>();
};

TEST(HttpEvents, TellEachStepInOrder)
{
    scripted_server server;
    const event_log log;
    client client({.on_event = log});

    auto call = client.get(server.url("/a"));
    auto connection = server.accept();
    connection.read_request();
    connection.write_ok("hello");
    call.result(watchdog);

    EXPECT_EQ(log.names(), "queued resolved connected sent first_byte progress done ");
    for (const auto& each : log.entries()) {
        EXPECT_EQ(each.url, server.url("/a"));
        EXPECT_EQ(each.what.call, log.entries().front().what.call);
        EXPECT_EQ(each.what.tries, 1u);
        EXPECT_GE(each.what.took, 0ns);
    }
    const event last = log.entries().back().what;
    EXPECT_EQ(last.status, 200);
    EXPECT_EQ(last.size, 5u);
    EXPECT_FALSE(last.error);
}

TEST(HttpEvents, LeaveOutWhatAKeptConnectionSpares)
{
    scripted_server server;
    const event_log first;
    const event_log second;
    client client;

    auto call = client.get(server.url("/"), {.on_event = first});
    auto connection = server.accept();
    connection.read_request();
    connection.write_ok("x");
    call.result(watchdog);
    call = client.get(server.url("/"), {.on_event = second});
    connection.read_request();
    connection.write_ok("x");
    call.result(watchdog);

    EXPECT_EQ(second.names(), "queued sent first_byte progress done ");
    EXPECT_NE(first.entries().front().what.call, second.entries().front().what.call);
}

TEST(HttpEvents, TellTheHandshake)
{
    const certificates identity;
    const trusted_file authority(identity);
    scripted_server server;
    const event_log log;
    client client(trusting(authority));

    auto call = client.get(https(server, "localhost"), {.on_event = log});
    tls_connection connection(server.accept(), identity);
    connection.read_request();
    connection.write("HTTP/1.1 204 No Content\r\n\r\n");
    call.result(watchdog);

    EXPECT_TRUE(log.names().starts_with("queued resolved connected secured sent first_byte "))
        << log.names();
}

TEST(HttpEvents, TellHowFarABodyIs)
{
    scripted_server server;
    const event_log log;
    client client({.on_event = log});

    auto call = client.get(server.url("/"));
    auto connection = server.accept();
    connection.read_request();
    connection.write_ok(std::string(1'000'000, 'x'));
    call.result(watchdog);

    std::uint64_t before = 0;
    for (const auto& each : log.entries()) {
        if (each.what.what == event::kind::progress) {
            EXPECT_GE(each.what.size, before);
            EXPECT_EQ(each.what.length, 1'000'000u);
            before = each.what.size;
        }
    }
    EXPECT_EQ(before, 1'000'000u);
}

TEST(HttpEvents, TellWhyThereIsAnotherTry)
{
    scripted_server server;
    const event_log log;
    client client({.on_event = log});

    auto call =
        client.get(server.url("/"), {.retries = retry_policy{.max_tries = 3, .first_delay = 1ms}});
    {
        auto connection = server.accept();
        connection.read_request();
        connection.write("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
        connection.read_request();
        connection.close();
    }
    auto connection = server.accept(); // the kept one has closed: again, at once and untold
    connection.read_request();
    connection.close();
    auto last = server.accept();
    last.read_request();
    last.write_ok("x");
    call.result(watchdog);

    std::vector<event> retries;
    for (const auto& each : log.entries()) {
        if (each.what.what == event::kind::retried) {
            retries.push_back(each.what);
        }
    }
    ASSERT_EQ(retries.size(), 2u);
    EXPECT_EQ(retries[0].status, 503);
    EXPECT_EQ(retries[0].tries, 2u);
    EXPECT_EQ(retries[1].error, errc::connection_closed);
    EXPECT_EQ(log.entries().back().what.tries, 3u);
}

TEST(HttpEvents, TellTheEndOfWhatFailsOrIsCancelled)
{
    const test::refused_port nobody;
    const event_log failing;
    const event_log waiting;
    client client;

    auto refused =
        client.get("http://127.0.0.1:" + std::to_string(nobody.port()), {.on_event = failing});
    EXPECT_THROW(refused.result(watchdog), request_error);
    EXPECT_EQ(failing.names(), "queued resolved done ");
    EXPECT_EQ(failing.entries().back().what.error, std::errc::connection_refused);

    scripted_server server;
    auto stopped = client.get(server.url("/"), {.on_event = waiting});
    auto connection = server.accept();
    connection.read_request();
    stopped.request_stop();
    EXPECT_THROW(stopped.result(watchdog), cancelled_error);
    EXPECT_EQ(waiting.entries().back().what.error, std::errc::operation_canceled);
}

TEST(HttpEvents, SurviveAnObserverThatThrows)
{
    test::error_reports reports;
    scripted_server server;
    client client;
    const auto throws = [](const event& what) {
        if (what.what == event::kind::sent) {
            throw std::runtime_error("no room for the log");
        }
    };

    auto call = client.get(server.url("/"), {.on_event = throws});
    auto connection = server.accept();
    connection.read_request();
    connection.write_ok("x");

    EXPECT_EQ(call.result(watchdog).body, "x");
    const error_report report = reports.take_only();
    EXPECT_EQ(test::error_reports::message(report.exception), "no room for the log");
    EXPECT_NE(report.task.find(server.url("/")), std::string::npos);
}

} // namespace

} // namespace cofutures::http
