// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/http/message.hpp>

#include "http/request_text.hpp"

#include <gtest/gtest.h>

namespace cofutures::http {

namespace {

TEST(HttpHeaders, CompareNamesWithoutRegardToCase)
{
    headers fields{{"Accept", "a"}, {"X-One", "1"}, {"accept", "b"}};

    EXPECT_EQ(fields.get("ACCEPT"), "a");
    EXPECT_FALSE(fields.get("Accep").has_value());
    fields.set("aCCept", "c");
    EXPECT_EQ(fields.size(), 2u);
    EXPECT_EQ(fields.get("accept"), "c");
    EXPECT_EQ(fields.remove("X-ONE"), 1u);
    EXPECT_FALSE(fields.contains("X-One"));
}

TEST(HttpHeaders, RefuseFieldsThatCouldSmuggleARequest)
{
    headers fields;

    EXPECT_THROW(fields.add("X", "a\r\nHost: evil"), std::invalid_argument);
    EXPECT_THROW(fields.add("X", std::string_view("a\0b", 3).data() + std::string(1, '\0')),
                 std::invalid_argument);
    EXPECT_THROW(fields.add("X Y", "a"), std::invalid_argument);
    EXPECT_THROW(fields.add("", "a"), std::invalid_argument);
    EXPECT_THROW(fields.set("X:", "a"), std::invalid_argument);
    EXPECT_NO_THROW(fields.add("X", "tab\tand \xc3\xa9"));
    EXPECT_EQ(fields.size(), 1u);
}

TEST(HttpResponse, EnsureSuccessNamesStatusAndUrl)
{
    response answer;
    answer.status = 404;
    answer.reason = "Not Found";
    answer.url = "http://h/x";

    try {
        answer.ensure_success();
        FAIL() << "expected status_error";
    } catch (const status_error& error) {
        EXPECT_STREQ(error.what(), "HTTP 404 Not Found: http://h/x");
        EXPECT_EQ(error.status(), 404);
    }
    answer.status = 204;
    EXPECT_NO_THROW(answer.ensure_success());
}

TEST(HttpError, KnowsTimeOutsAndWhatIsWorthAnotherTry)
{
    EXPECT_TRUE(is_timeout(errc::idle_timed_out));
    EXPECT_TRUE(is_timeout(std::make_error_code(std::errc::timed_out)));
    EXPECT_FALSE(is_timeout(errc::connection_closed));
    EXPECT_TRUE(is_retryable(errc::total_timed_out));
    EXPECT_TRUE(is_retryable(std::make_error_code(std::errc::connection_refused)));
    EXPECT_FALSE(is_retryable(errc::tls_failed));
    EXPECT_FALSE(is_retryable(std::make_error_code(std::errc::no_space_on_device)));
}

TEST(HttpRequestHead, AddsWhatIsMissingAndKeepsWhatIsGiven)
{
    const request message{.url = url("http://h:81/a?b"), .headers = {{"X-One", "1"}}};

    EXPECT_EQ(
        detail::request_head(message, 0, {{"User-Agent", "agent"}}),
        "GET /a?b HTTP/1.1\r\nHost: h:81\r\nUser-Agent: agent\r\nAccept: */*\r\nX-One: 1\r\n\r\n");
}

TEST(HttpRequestHead, CountsTheBodyItselfWhateverAHeaderSays)
{
    const request message{
        .method = "POST",
        .url = url("http://h/"),
        .headers = {{"Content-Length", "99"}, {"Accept", "x"}, {"User-Agent", "y"}},
        .body = "hello"};

    EXPECT_EQ(detail::request_head(message, 5, {{"User-Agent", "agent"}}),
              "POST / HTTP/1.1\r\nHost: h\r\nAccept: x\r\nUser-Agent: y\r\n"
              "Content-Length: 5\r\n\r\n");
}

TEST(HttpRequestHead, AnnouncesChunksWhereTheLengthIsNotKnown)
{
    const request message{.method = "PUT", .url = url("http://h/"), .headers = {{"Accept", "x"}}};

    EXPECT_EQ(detail::request_head(message, std::nullopt, {}),
              "PUT / HTTP/1.1\r\nHost: h\r\nAccept: x\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST(HttpRequestHead, HasNoLineThatIsNoField)
{
    EXPECT_EQ(detail::head_text("CONNECT", "h:443", {{"Host", "h:443"}}),
              "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n");
    for (const char* target : {"", "/ HTTP/1.1\r\nX: y\r\n\r\nGET /", "/a b", "/\n"}) {
        EXPECT_THROW(detail::head_text("GET", target, {}), std::system_error) << target;
    }
    for (const char* method : {"", "GET /x", "GET\r\n", "G\tT"}) {
        EXPECT_THROW(detail::head_text(method, "/", {}), std::system_error) << method;
    }
}

TEST(HttpRequestHead, RefusesMethodsAndFramingThatWouldBeMisread)
{
    const request bad_method{.method = "GET /x", .url = url("http://h/")};
    const request chunked{
        .method = "POST", .url = url("http://h/"), .headers = {{"Transfer-Encoding", "chunked"}}};

    EXPECT_THROW(detail::request_head(bad_method, 0, {}), std::system_error);
    EXPECT_THROW(detail::request_head(chunked, 0, {}), std::system_error);
}

} // namespace

} // namespace cofutures::http
