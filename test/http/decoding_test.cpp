// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/http/client.hpp>

#include "content_codings.hpp"
#include "support/scripted_server.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <unistd.h>

namespace cofutures::http {

namespace {

using namespace std::chrono_literals;
using test::brotlied;
using test::gzipped;
using test::scripted_server;
using test::zstandard;

constexpr auto watchdog = 10s;

class HttpDecoding : public testing::Test {
protected:
    // Answers the next request; returns what was asked.
    std::string answer(std::string_view body,
                       const std::string& fields = "Content-Encoding: gzip\r\n")
    {
        auto connection = server.accept();
        const std::string request = connection.read_request();
        connection.write_ok(body, fields + "Connection: close\r\n");
        return request;
    }

    static std::string failure_of(const future<response>& call)
    {
        try {
            return "a body of " + std::to_string(call.result(watchdog).body.size());
        } catch (const request_error& error) {
            return error.reason();
        }
    }

    scripted_server server;
    client client_;
};

TEST_F(HttpDecoding, IsAskedForAndUndoneForBodiesInMemory)
{
    auto call = client_.get(server.url("/"));
    const std::string request = answer(gzipped("hello"));

    EXPECT_NE(request.find("\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"), std::string::npos)
        << request;
    EXPECT_EQ(call.result(watchdog).body, "hello");
    EXPECT_FALSE(call.result().headers.contains("Content-Encoding"));
    EXPECT_FALSE(call.result().headers.contains("Content-Length"));
}

TEST_F(HttpDecoding, KnowsAllItAsksFor)
{
    auto brotli = client_.get(server.url("/"));
    answer(brotlied("hello"), "Content-Encoding: br\r\n");
    EXPECT_EQ(brotli.result(watchdog).body, "hello");

    auto zstd = client_.get(server.url("/"));
    answer(zstandard("hello"), "Content-Encoding: zstd\r\n");
    EXPECT_EQ(zstd.result(watchdog).body, "hello");

    auto plain = client_.get(server.url("/"));
    answer("hello", "");
    EXPECT_EQ(plain.result(watchdog).body, "hello");
    EXPECT_EQ(plain.result().headers.get("Content-Length"), "5");
}

TEST_F(HttpDecoding, LeavesACodingAloneThatItDoesNotKnow)
{
    auto call = client_.get(server.url("/"));
    answer("hello", "Content-Encoding: compress\r\n");

    EXPECT_EQ(call.result(watchdog).body, "hello");
    EXPECT_EQ(call.result().headers.get("Content-Encoding"), "compress");
}

TEST_F(HttpDecoding, IsLeftToTheCallerWhoAsksForIt)
{
    const std::string coded = gzipped("hello");
    auto own = client_.get(server.url("/"), {.headers = {{"Accept-Encoding", "gzip"}}});
    EXPECT_EQ(answer(coded).find("br, zstd"), std::string::npos);
    EXPECT_EQ(own.result(watchdog).body, coded);
    EXPECT_TRUE(own.result().headers.contains("Content-Encoding"));

    auto off = client_.get(server.url("/"), {.decode = false});
    EXPECT_EQ(answer(coded).find("Accept-Encoding"), std::string::npos);
    EXPECT_EQ(off.result(watchdog).body, coded);

    auto both =
        client_.get(server.url("/"), {.headers = {{"Accept-Encoding", "gzip"}}, .decode = true});
    EXPECT_EQ(answer(coded).find("br, zstd"), std::string::npos);
    EXPECT_EQ(both.result(watchdog).body, "hello");
}

TEST_F(HttpDecoding, IsNotAskedForWithAPartOrWithoutABody)
{
    auto part = client_.get(server.url("/"), {.headers = {{"Range", "bytes=0-1"}}});
    EXPECT_EQ(answer("he", "").find("Accept-Encoding"), std::string::npos);
    part.wait_for(watchdog);

    auto head = client_.head(server.url("/"));
    auto connection = server.accept();
    EXPECT_EQ(connection.read_request().find("Accept-Encoding"), std::string::npos);
    connection.write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");
    EXPECT_EQ(head.result(watchdog).headers.get("Content-Encoding"), "gzip");
}

TEST_F(HttpDecoding, AcceptsAnEmptyBodyForAnEmptyBody)
{
    auto call = client_.get(server.url("/"));
    answer("");
    EXPECT_EQ(call.result(watchdog).body, "");
}

TEST_F(HttpDecoding, FailsWhereTheDataIsBrokenOrCut)
{
    auto broken = client_.get(server.url("/"));
    answer("not gzip");
    EXPECT_EQ(failure_of(broken), "cannot decode the body: incorrect header check");

    auto cut = client_.get(server.url("/"));
    answer(gzipped("hello").substr(0, 10));
    EXPECT_EQ(failure_of(cut), "cannot decode the body: the coded data ends early");
}

TEST_F(HttpDecoding, CountsTheDecodedBodyAgainstItsLimit)
{
    const std::string zeros(100'000, '\0');
    auto large = client_.get(server.url("/"), {.max_body = 99'999});
    answer(gzipped(zeros));
    EXPECT_EQ(failure_of(large), "response body too large");

    auto fits = client_.get(server.url("/"), {.max_body = 100'000});
    answer(gzipped(zeros));
    EXPECT_EQ(failure_of(fits), "a body of 100000");
}

TEST_F(HttpDecoding, RefusesABodyThatGrowsOutOfProportion)
{
    const std::string zeros(10'000'000, '\0');
    auto bomb = client_.get(server.url("/"));
    answer(gzipped(zeros)); // about a thousandth
    EXPECT_EQ(failure_of(bomb), "cannot decode the body: more than 200 times its coded size");

    client tolerant({.max_decoding_ratio = 5000});
    auto taken = tolerant.get(server.url("/"));
    answer(gzipped(zeros));
    EXPECT_EQ(failure_of(taken), "a body of 10000000");
}

TEST_F(HttpDecoding, MustBeAllowedSomeProportion)
{
    EXPECT_THROW(client({.max_decoding_ratio = 0}), std::invalid_argument);
}

TEST_F(HttpDecoding, RefusesProportionsAtTheEndOfAnHonestBeginning)
{
    std::string honest;
    for (unsigned i = 1; honest.size() < 50'000; i = i * 1'664'525u + 1'013'904'223u) {
        honest += static_cast<char>(i >> 24);
    }
    auto call = client_.get(server.url("/"));
    answer(gzipped(honest) + gzipped(std::string(40'000'000, '\0')));
    EXPECT_EQ(failure_of(call), "cannot decode the body: more than 200 times its coded size");
}

TEST_F(HttpDecoding, IsForDownloadsOnRequestOnly)
{
    const auto path = std::filesystem::temp_directory_path() /
                      ("cofutures_decoding_" + std::to_string(::getpid()));
    const auto contents = [&path] {
        std::ifstream file(path, std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    const std::string text(1'000'000, 'x');
    const std::string coded = brotlied("hello");

    auto as_it_is = client_.download(server.url("/"), path);
    EXPECT_EQ(answer(coded, "Content-Encoding: br\r\n").find("Accept-Encoding"), std::string::npos);
    EXPECT_EQ(as_it_is.result(watchdog).size, coded.size());
    EXPECT_EQ(contents(), coded);

    client tolerant({.max_decoding_ratio = 5000});
    auto decoded = tolerant.download(server.url("/"), path, {.decode = true});
    answer(gzipped(text));
    EXPECT_EQ(decoded.result(watchdog).size, text.size());
    EXPECT_EQ(contents(), text);
    std::filesystem::remove(path);
}

} // namespace

} // namespace cofutures::http
