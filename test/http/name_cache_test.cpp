// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "http/address_race.hpp"
#include "http/name_cache.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

// Which addresses are known, and in which order they are tried.

namespace cofutures::http::detail {

namespace {

using namespace std::chrono_literals;
using asio::ip::make_address;
using asio::ip::tcp;

constexpr name_cache::clock::time_point start{1h};

// A resolver whose answers wait for the test.
struct held_resolver {
    std::vector<std::pair<std::string, name_cache::callback>> asked;

    name_cache::resolver function()
    {
        return [this](const std::string& host, name_cache::callback answer) {
            asked.emplace_back(host, std::move(answer));
        };
    }
};

TEST(HttpNameCache, AsksOnceForAllWhoWait)
{
    held_resolver system;
    name_cache names(system.function(), 10s);

    const auto first = names.find("a.test", start);
    const auto second = names.find("a.test", start + 60s);
    names.find("b.test", start);

    EXPECT_EQ(system.asked.size(), 2u);
    EXPECT_EQ(first, second);
    EXPECT_FALSE(first->done);
    system.asked[0].second({}, {make_address("192.0.2.1")});
    EXPECT_TRUE(second->done);
    EXPECT_EQ(second->addresses, std::vector{make_address("192.0.2.1")});
}

TEST(HttpNameCache, RemembersForItsLifetime)
{
    held_resolver system;
    name_cache names(system.function(), 10s);
    const auto first = names.find("a.test", start);
    system.asked[0].second({}, {make_address("192.0.2.1")});

    EXPECT_EQ(names.find("a.test", start + 9s), first);
    EXPECT_NE(names.find("a.test", start + 10s), first);
    EXPECT_EQ(system.asked.size(), 2u);
}

TEST(HttpNameCache, ForgetsFailuresAndWhatWasOfNoUse)
{
    held_resolver system;
    name_cache names(system.function(), 10s);
    names.find("a.test", start);
    system.asked[0].second(asio::error::host_not_found, {});
    names.find("a.test", start);
    ASSERT_EQ(system.asked.size(), 2u);

    system.asked[1].second({}, {make_address("192.0.2.1")});
    names.forget("a.test");
    names.find("a.test", start);
    EXPECT_EQ(system.asked.size(), 3u);
}

TEST(HttpNameCache, AsksSoManyAtATimeAndQueuesTheOthers)
{
    held_resolver system;
    name_cache names(system.function(), 10s);
    bool idle = false;
    names.on_idle = [&idle] { idle = true; };
    for (const char* const host : {"1.test", "2.test", "3.test", "4.test", "5.test", "6.test"}) {
        names.find(host, start);
    }
    EXPECT_EQ(system.asked.size(), name_cache::max_running);
    EXPECT_EQ(names.running(), name_cache::max_running);

    // The first hangs; the others share what is left.
    for (std::size_t i = 1; i != 6; ++i) {
        ASSERT_GT(system.asked.size(), i);
        system.asked[i].second({}, {});
    }
    EXPECT_EQ(system.asked[4].first, "5.test");
    EXPECT_EQ(system.asked[5].first, "6.test");
    EXPECT_EQ(names.running(), 1u);
    EXPECT_FALSE(idle);
    system.asked[0].second({}, {});
    EXPECT_TRUE(idle);
}

TEST(HttpNameCache, DropsQueuedLookUpsThatNobodyWaitsFor)
{
    asio::io_context context;
    held_resolver system;
    name_cache names(system.function(), 10s);
    const auto who = std::make_shared<strand_event>(context.get_executor());
    const auto other = std::make_shared<strand_event>(context.get_executor());
    const auto wait_for = [&](const char* host, const auto& event) {
        const auto search = names.find(host, start);
        search->waiting.emplace_back(event);
        return search;
    };
    const auto running = wait_for("1.test", who);
    for (const char* const host : {"2.test", "3.test", "4.test"}) {
        names.find(host, start);
    }
    const auto shared = wait_for("shared.test", who);
    wait_for("shared.test", other);
    const auto dropped = wait_for("dropped.test", who);

    names.give_up(running, *who);
    names.give_up(shared, *who);
    names.give_up(dropped, *who);

    for (std::size_t i = 0; i != system.asked.size(); ++i) {
        system.asked[i].second({}, {});
    }
    EXPECT_TRUE(running->done) << "what is under way cannot be stopped";
    EXPECT_TRUE(shared->done) << "another one waited";
    EXPECT_FALSE(dropped->done);
    EXPECT_NE(names.find("dropped.test", start), dropped) << "who comes later must not wait for it";
}

TEST(HttpNameCache, WakesThoseWhoWaitAndAreStillThere)
{
    asio::io_context context;
    held_resolver system;
    name_cache names(system.function(), 10s);
    const auto search = names.find("a.test", start);
    const auto alive = std::make_shared<strand_event>(context.get_executor());
    search->waiting.emplace_back(alive);
    search->waiting.emplace_back(std::make_shared<strand_event>(context.get_executor()));
    bool woken = false;
    asio::co_spawn(context, alive->wait(), [&woken](const std::exception_ptr&) { woken = true; });
    context.poll();
    EXPECT_FALSE(woken);

    system.asked[0].second({}, {});
    context.poll();
    EXPECT_TRUE(woken);
}

TEST(HttpNameCache, DoesNotGrowWithoutBound)
{
    held_resolver system;
    name_cache names(system.function(), 10s);
    for (std::size_t i = 0; i != name_cache::max_size + 10; ++i) {
        names.find(std::to_string(i) + ".test", start);
        system.asked.back().second({}, {});
    }
    EXPECT_EQ(names.size(), name_cache::max_size);

    names.find("later.test", start + 11s);
    EXPECT_EQ(names.size(), 1u);
}

TEST(HttpAddressOrder, LetsFamiliesTakeTurns)
{
    std::vector<asio::generic::stream_protocol::endpoint> found;
    for (const char* const each :
         {"2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.1", "192.0.2.2"}) {
        found.emplace_back(tcp::endpoint(make_address(each), 80));
    }
    const std::vector expected{found[0], found[3], found[1], found[4], found[2]};
    EXPECT_EQ(interleaved(found), expected);

    const std::vector only_two{found[3], found[4]};
    EXPECT_EQ(interleaved(only_two), only_two);
    EXPECT_TRUE(interleaved({}).empty());
}

} // namespace

} // namespace cofutures::http::detail
