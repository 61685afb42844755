// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/error.hpp>
#include <cofutures/http/client.hpp>

#include "support/peer_program.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <unistd.h>

// The client against httpbin, which answers as each path says; skipped where it is missing.

namespace cofutures::http {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto watchdog = std::chrono::seconds(10);

class HttpBin : public testing::Test {
protected:
    HttpBin() : log(fs::temp_directory_path() / ("cofutures_httpbin_" + std::to_string(::getpid())))
    {}
    ~HttpBin() override
    {
        server.reset();
        fs::remove(log);
    }

    void SetUp() override
    {
        if (std::string(HTTPBIN_PYTHON).empty()) {
            GTEST_SKIP() << "no httpbin";
        }
        const auto command = [](const std::string& port) {
            return std::vector<std::string>{HTTPBIN_PYTHON, HTTPBIN_SERVER, port};
        };
        server = std::make_unique<test::peer_program>(command, log);
    }

    std::string url(const std::string& path) const
    {
        return "http://127.0.0.1:" + std::to_string(server->port()) + path;
    }

    response get(const std::string& path, request_options options = {})
    {
        return client_.get(url(path), std::move(options)).result(watchdog);
    }

    std::error_code failure(const std::string& path, request_options options)
    {
        try {
            get(path, std::move(options));
        } catch (const request_error& error) {
            return error.code();
        }
        return {};
    }

    const fs::path log;
    std::unique_ptr<test::peer_program> server;
    client client_;
};

// Its JSON comes with or without blanks, depending on the version of what it is made of.
bool says(const response& answer, const std::string& text)
{
    std::string body = answer.body;
    std::erase_if(body, [](char each) { return each == ' ' || each == '\n'; });
    return body.find(text) != std::string::npos;
}

TEST_F(HttpBin, HearsWhatIsSent)
{
    EXPECT_TRUE(says(get("/get?name=a%2Fb"), R"("name":"a/b")"));
    EXPECT_TRUE(says(get("/headers", {.headers = {{"X-One", "1"}}}), R"("X-One":"1")"));
    EXPECT_TRUE(says(get("/user-agent"), R"("user-agent":"cofutures")"));
    EXPECT_EQ(get("/response-headers?X-Two=2").headers.get("X-Two"), "2");

    const std::pair<const char*, const char*> methods[] = {
        {"POST", "/post"}, {"PUT", "/put"}, {"PATCH", "/patch"}, {"DELETE", "/delete"}};
    for (const auto& [method, path] : methods) {
        const auto answer =
            client_.send({.method = method, .url = http::url(url(path)), .body = "words"});
        EXPECT_TRUE(says(answer.result(watchdog), R"("data":"words")")) << method;
    }
    const auto options = client_.send({.method = "OPTIONS", .url = http::url(url("/get"))});
    EXPECT_TRUE(options.result(watchdog).headers.contains("Allow"));
}

TEST_F(HttpBin, CodesItsAnswers)
{
    EXPECT_TRUE(says(get("/gzip"), R"("gzipped":true)"));
    EXPECT_TRUE(says(get("/deflate"), R"("deflated":true)"));
    EXPECT_TRUE(says(get("/brotli"), R"("brotli":true)"));
}

TEST_F(HttpBin, StreamsInChunks)
{
    const response lines = get("/stream/20");
    EXPECT_EQ(std::count(lines.body.begin(), lines.body.end(), '\n'), 20);
    // With a seed the bytes are the same each time.
    const std::string bytes = get("/stream-bytes/100000?chunk_size=999&seed=1").body;
    EXPECT_EQ(bytes.size(), 100'000u);
    EXPECT_EQ(get("/stream-bytes/100000?chunk_size=5000&seed=1").body, bytes);
}

TEST_F(HttpBin, Redirects)
{
    for (const char* const path : {"/redirect/3", "/relative-redirect/3", "/absolute-redirect/3"}) {
        const response last = get(path);
        EXPECT_EQ(last.status, 200) << path;
        EXPECT_EQ(last.redirects, 3u) << path;
        EXPECT_EQ(last.url, url("/get")) << path;
    }
    EXPECT_EQ(failure("/redirect/3", {.max_redirects = 2}), errc::too_many_redirects);

    const auto post = [&](const std::string& status) {
        return client_.post(url("/redirect-to?url=/anything&status_code=" + status), "words")
            .result(watchdog);
    };
    for (const char* const status : {"301", "302", "303"}) {
        EXPECT_TRUE(says(post(status), R"("method":"GET")")) << status;
    }
    for (const char* const status : {"307", "308"}) {
        const response answer = post(status);
        EXPECT_TRUE(says(answer, R"("method":"POST")")) << status;
        EXPECT_TRUE(says(answer, R"("data":"words")")) << status;
    }
}

TEST_F(HttpBin, AsksForNamesAndTokens)
{
    const request_options known{.authorization = credentials::basic("me", "secret")};
    EXPECT_EQ(get("/basic-auth/me/secret").status, 401);
    EXPECT_EQ(get("/basic-auth/me/other", known).status, 401);
    EXPECT_TRUE(says(get("/basic-auth/me/secret", known), R"("authenticated":true)"));

    const request_options token{.authorization = credentials::bearer("xyz")};
    EXPECT_EQ(get("/bearer").status, 401);
    EXPECT_TRUE(says(get("/bearer", token), R"("token":"xyz")"));
}

TEST_F(HttpBin, IsAskedAgain)
{
    request_options options{.retries = retry_policy{.max_tries = 3, .first_delay = 1ms}};
    EXPECT_EQ(get("/status/503", options).tries, 3u);
    EXPECT_EQ(get("/status/404", options).tries, 1u);
    const auto post =
        client_.send({.method = "POST", .url = http::url(url("/status/503"))}, options);
    EXPECT_EQ(post.result(watchdog).tries, 1u) << "once may have been enough";
}

TEST_F(HttpBin, SendsRangesAndKnowsWhatIsCurrent)
{
    const response part = get("/range/1000", {.headers = {{"Range", "bytes=26-28"}}});
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(part.body, "abc");
    EXPECT_EQ(get("/cache", {.headers = {{"If-None-Match", "x"}}}).status, 304);
    EXPECT_EQ(get("/etag/x", {.headers = {{"If-None-Match", "\"x\""}}}).status, 304);
}

TEST_F(HttpBin, TakesTooLong)
{
    time_limits total;
    total.total = 100ms;
    EXPECT_EQ(failure("/delay/10", {.limits = total}), errc::total_timed_out);

    // A byte every second: long silences, and slow.
    const std::string drip = "/drip?numbytes=10&duration=10&delay=0";
    time_limits idle;
    idle.idle = 200ms;
    EXPECT_EQ(failure("/delay/10", {.limits = idle}), errc::idle_timed_out);
    EXPECT_EQ(failure(drip, {.limits = idle}), errc::idle_timed_out);
    time_limits speed;
    speed.min_speed = 1000;
    speed.min_speed_window = 200ms;
    EXPECT_EQ(failure(drip, {.limits = speed}), errc::too_slow);
}

TEST_F(HttpBin, TakesLongEnoughToBeStopped)
{
    const auto call = client_.get(url("/delay/10"), {.on_event = [this](const event& what) {
                                      if (what.what == event::kind::sent) {
                                          client_.stop_all();
                                      }
                                  }});
    EXPECT_THROW(call.result(watchdog), cancelled_error);
}

} // namespace

} // namespace cofutures::http
