// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/http/client.hpp>

#include "serve/flag_server.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace downloader {

namespace {

using namespace std::chrono_literals;
namespace http = cofutures::http;

constexpr auto watchdog = 10s;

const flag_images& images()
{
    static const flag_images generated("generated");
    return generated;
}

class FlagServer : public testing::Test {
protected:
    http::response get(const flag_server& server, const std::string& target)
    {
        return client.get(server.base_url() + target).result(watchdog);
    }

    // The statuses of `count` requests for one flag.
    std::vector<int> statuses(const flag_server& server, const std::string& target, int count)
    {
        std::vector<int> result;
        for (int i = 0; i < count; ++i) {
            result.push_back(get(server, target).status);
        }
        return result;
    }

    http::client client;
};

TEST_F(FlagServer, ServesFlagsUnderTheirCodes)
{
    const flag_server server({}, images());

    const http::response answer = get(server, "/br/br.png");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, *images().find("br"));
    EXPECT_EQ(answer.headers.get("Content-Type"), "image/png");
    EXPECT_EQ(get(server, "/br/br.png?again").status, 200);
}

TEST_F(FlagServer, KnowsNothingElse)
{
    const flag_server server({}, images());

    for (const char* target :
         {"/", "/xx/xx.png", "/br/cn.png", "/br/br.gif", "/br/../br/br.pngx", "/BR/BR.png"}) {
        SCOPED_TRACE(target);
        EXPECT_EQ(get(server, target).status, 404);
    }
}

TEST_F(FlagServer, KeepsConnectionsAndAnswersHeadAndRefusesPost)
{
    const flag_server server({}, images());

    get(server, "/br/br.png");
    EXPECT_EQ(client.head(server.base_url() + "/br/br.png")
                  .result(watchdog)
                  .headers.get("Content-Length"),
              std::to_string(images().find("br")->size()));
    EXPECT_EQ(client.post(server.base_url() + "/br/br.png", {}).result(watchdog).status, 405);
    EXPECT_EQ(client.stats().connections_opened, 1u);
    EXPECT_EQ(server.answered(), 3u);
}

TEST_F(FlagServer, FailsAPartOfTheRequestsAndTheSameOnesForTheSameSeed)
{
    const flag_server one({.error_rate = 0.25, .seed = 7}, images());
    const flag_server two({.error_rate = 0.25, .seed = 7}, images());
    const flag_server other({.error_rate = 0.25, .seed = 8}, images());

    const auto first = statuses(one, "/br/br.png", 100);
    EXPECT_EQ(first, statuses(two, "/br/br.png", 100));
    EXPECT_NE(first, statuses(other, "/br/br.png", 100));
    const auto failures = std::count(first.begin(), first.end(), 418);
    EXPECT_GT(failures, 10);
    EXPECT_LT(failures, 45);
    EXPECT_EQ(failures + std::count(first.begin(), first.end(), 200), 100);
}

TEST_F(FlagServer, FailsAlwaysOrNeverAtTheEndsOfTheScale)
{
    const flag_server always({.error_rate = 1}, images());
    const flag_server never({.error_rate = 0}, images());

    EXPECT_EQ(statuses(always, "/br/br.png", 20), std::vector<int>(20, 418));
    EXPECT_EQ(statuses(never, "/br/br.png", 20), std::vector<int>(20, 200));
    EXPECT_EQ(get(always, "/br/br.png").reason, "I'm a teapot");
}

TEST_F(FlagServer, DelaysWithinItsBoundsAndTellsSo)
{
    std::mutex mutex;
    std::vector<std::string> lines;
    const auto log = [&mutex, &lines](const std::string& line) {
        const std::lock_guard lock(mutex);
        lines.push_back(line);
    };
    {
        const flag_server server({.delay_min = 3ms, .delay_max = 3ms, .log = log}, images());
        get(server, "/br/br.png");
        client.head(server.base_url() + "/br/br.png").wait_for(watchdog);
        // A line is written when the answer has gone out; by the next answer it is there.
        client.head(server.base_url() + "/br/br.png").wait_for(watchdog);
    }

    ASSERT_GE(lines.size(), 2u);
    EXPECT_EQ(lines[0], "GET /br/br.png 200 after 3 ms");
    EXPECT_EQ(lines[1], "HEAD /br/br.png 200 after 0 ms") << "only GET is delayed";
}

TEST_F(FlagServer, StopsInTheMiddleOfADelay)
{
    cofutures::future<http::response> waiting;
    {
        const flag_server server({.delay_min = 1h, .delay_max = 1h}, images());
        waiting = client.get(server.base_url() + "/br/br.png");
        client.head(server.base_url() + "/").wait_for(watchdog);
    }

    EXPECT_TRUE(waiting.wait_for(watchdog));
    EXPECT_THROW(waiting.result(), http::request_error);
}

TEST_F(FlagServer, SaysWhereItCannotListen)
{
    const flag_server server({}, images());

    try {
        const flag_server second({.port = server.port()}, images());
        FAIL() << "two servers on one port";
    } catch (const std::system_error& error) {
        EXPECT_EQ(error.code(), std::errc::address_in_use);
        EXPECT_NE(std::string(error.what()).find("127.0.0.1:" + std::to_string(server.port())),
                  std::string::npos);
    }
    EXPECT_THROW(flag_server({.bind = "nowhere"}, images()), std::system_error);
}

TEST_F(FlagServer, RefusesImpossibleBehaviour)
{
    EXPECT_THROW(flag_server({.delay_min = 2ms, .delay_max = 1ms}, images()),
                 std::invalid_argument);
    EXPECT_THROW(flag_server({.delay_min = -1ms}, images()), std::invalid_argument);
    EXPECT_THROW(flag_server({.error_rate = 1.5}, images()), std::invalid_argument);
}

} // namespace

} // namespace downloader
