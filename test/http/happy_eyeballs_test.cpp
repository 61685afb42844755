// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/error.hpp>
#include <cofutures/http/client.hpp>

#include "support/scripted_server.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

// Hosts with several addresses, of which some do not answer.

namespace cofutures::http {

namespace {

using namespace std::chrono_literals;
using test::scripted_server;

constexpr auto watchdog = std::chrono::seconds(10);

// An address and port where nobody answers: a listener whose queue is full, which drops what comes.
class silent_port {
public:
    silent_port(const std::string& address, std::uint16_t port)
    {
        sockaddr_storage place{};
        socklen_t size = sizeof(sockaddr_in);
        auto* const v4 = reinterpret_cast<sockaddr_in*>(&place);
        auto* const v6 = reinterpret_cast<sockaddr_in6*>(&place);
        if (::inet_pton(AF_INET, address.c_str(), &v4->sin_addr) == 1) {
            v4->sin_family = AF_INET;
            v4->sin_port = htons(port);
        } else {
            ::inet_pton(AF_INET6, address.c_str(), &v6->sin6_addr);
            v6->sin6_family = AF_INET6;
            v6->sin6_port = htons(port);
            size = sizeof(sockaddr_in6);
        }
        const auto* const any = reinterpret_cast<const sockaddr*>(&place);
        const int listener = open(place.ss_family);
        if (listener < 0 || ::bind(listener, any, size) != 0 || ::listen(listener, 0) != 0) {
            return;
        }
        // The queue holds one connection more than was asked for.
        const int guest = open(place.ss_family);
        pollfd connected{guest, POLLOUT, 0};
        ready_ = (::connect(guest, any, size) == 0 || errno == EINPROGRESS) &&
                 ::poll(&connected, 1, 10'000) == 1;
    }
    ~silent_port()
    {
        for (const int each : descriptors_) {
            ::close(each);
        }
    }

    silent_port(const silent_port&) = delete;
    silent_port& operator=(const silent_port&) = delete;

    /// False where the machine has no such address.
    bool ready() const { return ready_; }

private:
    int open(int family)
    {
        descriptors_.push_back(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        return descriptors_.back();
    }

    std::vector<int> descriptors_;
    bool ready_ = false;
};

std::string url_of(const scripted_server& server)
{
    return server.url("/", "many.test");
}

client_options with_addresses(std::vector<std::string> addresses)
{
    return {.addresses = {{"many.test", std::move(addresses)}}};
}

void expect_answer(client& client, scripted_server& server)
{
    auto call = client.get(url_of(server));
    auto connection = server.accept();
    connection.read_request();
    connection.write_ok("x");
    EXPECT_EQ(call.result(watchdog).body, "x");
    EXPECT_EQ(client.stats().connections_opened, 1u);
    EXPECT_EQ(client.stats().connections_open, 1u);
}

TEST(HttpHappyEyeballs, DoNotWaitLongForASilentAddress)
{
    scripted_server server;
    const silent_port silent("127.0.0.2", server.port());
    ASSERT_TRUE(silent.ready());
    client client(with_addresses({"127.0.0.2", "127.0.0.1"}));

    const auto began = std::chrono::steady_clock::now();
    expect_answer(client, server);
    EXPECT_GE(std::chrono::steady_clock::now() - began, 250ms) << "it was not tried first";
}

TEST(HttpHappyEyeballs, PreferNoFamilyToOneThatAnswers)
{
    scripted_server server;
    const silent_port silent("::1", server.port());
    if (!silent.ready()) {
        GTEST_SKIP() << "no IPv6";
    }
    client client(with_addresses({"::1", "::1", "::1", "127.0.0.1"}));
    expect_answer(client, server);
}

TEST(HttpHappyEyeballs, GoOnAtOnceAfterARefusal)
{
    // A quarter of a second for each would be more than the watchdog allows.
    std::vector<std::string> addresses;
    for (int i = 2; i != 52; ++i) {
        addresses.push_back("127.0.0." + std::to_string(i));
    }
    addresses.emplace_back("127.0.0.1");
    scripted_server server;
    client client(with_addresses(addresses));
    expect_answer(client, server);
}

TEST(HttpHappyEyeballs, EndWithTheTimeLimitAndWhenStopped)
{
    scripted_server server;
    const silent_port silent("127.0.0.2", server.port());
    const silent_port other("127.0.0.3", server.port());
    ASSERT_TRUE(silent.ready() && other.ready());
    client client(with_addresses({"127.0.0.2", "127.0.0.3"}));

    time_limits limits;
    limits.connect = 300ms; // both are being tried by then
    try {
        client.get(url_of(server), {.limits = limits}).result(watchdog);
        FAIL();
    } catch (const request_error& error) {
        EXPECT_EQ(error.code(), errc::connect_timed_out);
    }

    auto call = client.get(url_of(server));
    auto stop = [&call](const event& what) {
        if (what.what == event::kind::resolved) {
            call.request_stop();
        }
    };
    auto stopped = client.get(url_of(server), {.on_event = stop});
    EXPECT_THROW(call.result(watchdog), cancelled_error);
    stopped.request_stop();
    EXPECT_THROW(stopped.result(watchdog), cancelled_error);
    EXPECT_EQ(client.stats().connections_opened, 0u);
}

TEST(HttpHappyEyeballs, SayWhyNoAddressAnswered)
{
    scripted_server server;
    client client(with_addresses({"127.0.0.2", "127.0.0.3"}));
    try {
        client.get(url_of(server)).result(watchdog);
        FAIL();
    } catch (const request_error& error) {
        EXPECT_EQ(error.code(), std::errc::connection_refused);
    }
}

} // namespace

} // namespace cofutures::http
