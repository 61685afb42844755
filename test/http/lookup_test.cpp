// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/asio/io_context_executor.hpp>
#include <cofutures/error.hpp>
#include <cofutures/http/client.hpp>

#include "http/lookup_threads.hpp"
#include "http/name_cache.hpp"
#include "support/gate.hpp"
#include "support/scripted_server.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <dlfcn.h>
#include <netdb.h>

// Look-ups that hang. In this program getaddrinfo() is ours.

namespace cofutures::http {

namespace {

using namespace std::chrono_literals;
using test::gate;
using test::opens_at_exit;
using test::scripted_server;
using test::watchdog;

/// The name servers: those for "hang" and what is below it keep silent until they are let go.
class name_servers {
public:
    /// Blocks where a look-up of `host` would.
    void wait_for_answer(const std::string& host)
    {
        std::unique_lock lock(mutex_);
        ++asked_;
        changed_.notify_all();
        if (host.ends_with("hang")) {
            ASSERT_TRUE(changed_.wait_for(lock, watchdog, [this] { return answering_; }));
        }
    }

    /// Waits until so many look-ups have been begun.
    void expect_asked(int times)
    {
        std::unique_lock lock(mutex_);
        ASSERT_TRUE(changed_.wait_for(lock, watchdog, [&] { return asked_ >= times; }));
    }

    int asked()
    {
        const std::lock_guard lock(mutex_);
        return asked_;
    }

    void answer()
    {
        const std::lock_guard lock(mutex_);
        answering_ = true;
        changed_.notify_all();
    }

    void reset()
    {
        const std::lock_guard lock(mutex_);
        answering_ = false;
        asked_ = 0;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool answering_ = false; // guarded by mutex_
    int asked_ = 0;          // guarded by mutex_
};

name_servers servers;

class HttpLookup : public testing::Test {
protected:
    HttpLookup() { servers.reset(); }
    ~HttpLookup() override { servers.answer(); }

    std::string url(const std::string& host) const
    {
        return "http://" + host + ":" + std::to_string(server.port()) + "/";
    }

    /// Answers the next request.
    void serve()
    {
        auto connection = server.accept();
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    }

    static time_limits resolve_within(std::chrono::milliseconds limit)
    {
        time_limits limits;
        limits.resolve = limit;
        return limits;
    }

    static std::error_code failure(const future<response>& call)
    {
        try {
            call.result(watchdog);
        } catch (const request_error& error) {
            return error.code();
        }
        return {};
    }

    scripted_server server;
};

/// Lets the servers answer, before a client ends that waits for them.
struct answers_at_exit {
    ~answers_at_exit() { servers.answer(); }
};

TEST_F(HttpLookup, ThatHangsHoldsUpNoOther)
{
    client client;
    const answers_at_exit last;
    const auto hanging = client.get(url("hang"));
    servers.expect_asked(1);
    const auto other = client.get(url("other"));
    serve();
    EXPECT_EQ(other.result(watchdog).body, "ok");
    EXPECT_FALSE(hanging.done());

    servers.answer();
    serve();
    EXPECT_EQ(hanging.result(watchdog).body, "ok");
}

TEST_F(HttpLookup, ThatHangsHoldsUpNobodyElseOnASharedExecutor)
{
    io_context_executor io;
    client one({.io = &io});
    client two({.io = &io});
    const answers_at_exit last;
    std::vector<future<response>> hanging;
    for (int i = 0; i != 6; ++i) {
        hanging.push_back(one.get(url(std::to_string(i) + ".hang")));
    }
    servers.expect_asked(4);
    const auto other = two.get(url("other"));
    serve();
    EXPECT_EQ(other.result(watchdog).body, "ok");
}

TEST_F(HttpLookup, WaitsItsTurnWhereAllHangAndTimesOutThere)
{
    client client;
    const answers_at_exit last;
    std::vector<future<response>> hanging;
    for (int i = 0; i != 4; ++i) {
        hanging.push_back(client.get(url(std::to_string(i) + ".hang")));
    }
    servers.expect_asked(4);
    EXPECT_EQ(failure(client.get(url("other"), {.limits = resolve_within(50ms)})),
              errc::resolve_timed_out);
    EXPECT_EQ(failure(client.get(url("0.hang"), {.limits = resolve_within(50ms)})),
              errc::resolve_timed_out);
    auto stopped = client.get(url("another"));
    const auto later = client.get(url("later"));
    stopped.request_stop();
    EXPECT_THROW(stopped.result(watchdog), cancelled_error);
    EXPECT_EQ(servers.asked(), 4);

    client.stop_all();
    EXPECT_THROW(later.result(watchdog), cancelled_error);
    servers.answer();
    const auto next = client.get(url("next"));
    serve();
    EXPECT_EQ(next.result(watchdog).body, "ok");
    EXPECT_EQ(servers.asked(), 5) << "nobody waited for the others any more";
}

TEST_F(HttpLookup, IsWaitedForByTheDestructorButNotByItsCaller)
{
    std::optional<client> client(std::in_place);
    std::vector<future<response>> calls;
    for (int i = 0; i != 6; ++i) {
        calls.push_back(client->get(url(std::to_string(i) + ".hang")));
    }
    servers.expect_asked(4);
    auto ended = std::async(std::launch::async, [&client] { client.reset(); });
    for (const auto& each : calls) {
        EXPECT_THROW(each.result(watchdog), cancelled_error);
    }
    EXPECT_EQ(ended.wait_for(0s), std::future_status::timeout);
    servers.answer();
    EXPECT_EQ(ended.wait_for(watchdog), std::future_status::ready);
    EXPECT_EQ(servers.asked(), 4) << "the queued ones were dropped";
}

TEST_F(HttpLookup, IsNotWaitedForOnTheExecutorsThread)
{
    gate destroyed;
    {
        io_context_executor io;
        auto client = std::make_unique<http::client>(client_options{.io = &io});
        const auto hanging = client->get(url("hang"));
        servers.expect_asked(1);
        boost::asio::post(io.context(), [&] {
            client.reset();
            destroyed.open();
        });
        destroyed.wait();
        EXPECT_THROW(hanging.result(watchdog), cancelled_error);
        servers.answer();
        // What is left of the client ends before the executor does.
    }
}

TEST_F(HttpLookup, FailsWithTheNameOfTheUnknownHost)
{
    client client;
    EXPECT_EQ(failure(client.get(url("unknown"))), errc::host_not_found);
}

TEST(HttpLookupThreads, AnswerOnTheStrandInAnyOrder)
{
    boost::asio::io_context context;
    gate slow;
    const opens_at_exit last(slow);
    detail::lookup_threads threads(context.get_executor(), [&slow](const std::string& host) {
        if (host == "slow") {
            slow.wait();
        }
        return detail::host_addresses{{}, {boost::asio::ip::make_address("192.0.2.1")}};
    });
    std::string order;
    const auto asked = [&](const char* host) {
        threads.ask(host, [&, host](const boost::system::error_code& ec, const auto& addresses) {
            order += host;
            EXPECT_FALSE(ec);
            EXPECT_EQ(addresses.size(), 1u);
            slow.open();
        });
    };
    asked("slow");
    asked("fast");
    context.run(); // until both have answered: that is work
    EXPECT_EQ(order, "fastslow");
}

} // namespace

} // namespace cofutures::http

// Every name but "unknown" leads to this machine, and some do so late.
extern "C" int
getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** result)
{
    using function = int(const char*, const char*, const addrinfo*, addrinfo**);
    static const auto real = reinterpret_cast<function*>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    cofutures::http::servers.wait_for_answer(node);
    if (node == std::string("unknown")) {
        return EAI_NONAME;
    }
    return real("127.0.0.1", service, hints, result);
}
