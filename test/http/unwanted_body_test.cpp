// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "download_support.hpp"

#include <chrono>
#include <string>

// Bodies that nobody wants: whatever becomes of them, the answer is known with its header. No server
// here ends its bodies, and none of its connections unless told.

namespace cofutures::http {

namespace {

using namespace std::chrono_literals;

// Would be felt by the watchdog.
const time_limits patient{.idle = 1min};

class HttpUnwantedBody : public download_test {
protected:
    void expect_status(int status, std::string_view answer)
    {
        SCOPED_TRACE(answer);
        auto connection = start("x", {.limits = patient});
        connection.write(answer);
        EXPECT_EQ(call.result(watchdog).status, status);
        EXPECT_EQ(call.result().path, "");
        EXPECT_EQ(files(), 0u);
        connection.wait_closed();
    }
};

TEST_F(HttpUnwantedBody, IsNotWaitedForWhereItCannotSaveTheConnection)
{
    expect_status(404, "HTTP/1.1 404 Not Found\r\n\r\nabc");
    expect_status(404, "HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
    expect_status(404, "HTTP/1.0 404 Not Found\r\nContent-Length: 9\r\n\r\nabc");
    expect_status(404, "HTTP/1.1 404 Not Found\r\nContent-Length: 10000000\r\n\r\nabc");
}

TEST_F(HttpUnwantedBody, IsWaitedForForAMomentWhereItCouldSaveTheConnection)
{
    expect_status(404, "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nabc");
    expect_status(404, "HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
}

TEST_F(HttpUnwantedBody, MayBeMalformed)
{
    expect_status(404, "HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
    expect_status(404, "HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\n");
}

TEST_F(HttpUnwantedBody, MayBeCutOff)
{
    auto connection = start("x", {.limits = patient});
    connection.write("HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nabc");
    connection.close();
    EXPECT_EQ(call.result(watchdog).status, 404);

    auto another = start("x", {.limits = patient});
    another.write("HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nabc");
    another.reset();
    EXPECT_EQ(call.result(watchdog).status, 404);
}

TEST_F(HttpUnwantedBody, MayBeLongerThanAWantedOne)
{
    auto connection = start("x", {.max_body = 2});
    connection.write("HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc");
    EXPECT_EQ(call.result(watchdog).status, 404);

    call = client_.download(server.url("/y"), folder / "y", {.max_body = 2});
    connection.read_request(); // over the same connection
    connection.write("HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    EXPECT_EQ(call.result(watchdog).status, 404);
    EXPECT_EQ(client_.stats().connections_opened, 1u);
}

TEST_F(HttpUnwantedBody, OfARedirectHoldsNothingUp)
{
    for (const char* rest : {"Connection: close\r\n\r\nmoved",
                             "Content-Length: 100000000\r\n\r\nmoved",
                             "Transfer-Encoding: chunked\r\n\r\nnonsense"}) {
        SCOPED_TRACE(rest);
        auto get = client_.get(server.url("/old"), {.limits = patient});
        auto connection = server.accept();
        connection.read_request();
        connection.write(std::string("HTTP/1.1 301 Moved\r\nLocation: /new\r\n") + rest);
        auto another = server.accept();
        EXPECT_TRUE(another.read_request().starts_with("GET /new "));
        another.write_ok("here", "Connection: close\r\n");
        EXPECT_EQ(get.result(watchdog).body, "here");
        EXPECT_EQ(get.result().redirects, 1u);
    }
}

TEST_F(HttpUnwantedBody, OfAnAnswerThatMeansLaterHoldsNothingUp)
{
    const retry_policy policy{.max_tries = 2, .first_delay = 0ms};
    for (const char* rest : {"Connection: close\r\n\r\nbusy",
                             "Content-Length: 100000000\r\n\r\nbusy",
                             "Transfer-Encoding: chunked\r\n\r\nnonsense"}) {
        SCOPED_TRACE(rest);
        auto get = client_.get(server.url("/"), {.limits = patient, .retries = policy});
        auto connection = server.accept();
        connection.read_request();
        connection.write(std::string("HTTP/1.1 503 Busy\r\n") + rest);
        auto another = server.accept();
        another.read_request();
        another.write_ok("ready", "Connection: close\r\n");
        EXPECT_EQ(get.result(watchdog).body, "ready");
        EXPECT_EQ(get.result().tries, 2u);
    }
}

// Of the last one there is: it is the result, and its body with it.
TEST_F(HttpUnwantedBody, IsNotThatOfTheLastTry)
{
    const retry_policy policy{.max_tries = 2, .first_delay = 0ms};
    auto get = client_.get(server.url("/"), {.retries = policy});
    auto connection = server.accept();
    for (int i = 0; i < 2; ++i) {
        connection.read_request();
        connection.write("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy");
    }
    EXPECT_EQ(get.result(watchdog).status, 503);
    EXPECT_EQ(get.result().body, "busy");
}

TEST_F(HttpUnwantedBody, OfWhatIsCurrentHoldsNothingUp)
{
    std::ofstream(folder / "x") << "old";
    auto connection =
        start("x", {.limits = patient, .file = {.if_exists = file_options::existing::if_newer}});
    connection.write("HTTP/1.1 200 OK\r\nLast-Modified: Wed, 01 Jan 2020 12:00:00 GMT\r\n"
                     "Content-Length: 100000000\r\n\r\nold");
    EXPECT_TRUE(call.result(watchdog).kept);
    EXPECT_EQ(contents(folder / "x"), "old");
}

TEST_F(HttpUnwantedBody, IsNoReasonToGoOnWhereTheCallerHasStopped)
{
    auto connection = start("x", {.limits = patient});
    connection.write("HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nabc");
    call.request_stop();
    connection.wait_closed();
    call.wait_for(watchdog);
    EXPECT_TRUE(call.done());
}

} // namespace

} // namespace cofutures::http
