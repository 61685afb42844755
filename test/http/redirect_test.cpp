// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "http/redirect.hpp"

#include <gtest/gtest.h>

namespace cofutures::http::detail {

namespace {

response_head redirect(int status, std::string location)
{
    response_head head;
    head.status = status;
    head.headers.add("Location", std::move(location));
    return head;
}

request secret_request(std::string method, std::string address)
{
    return {.method = std::move(method),
            .url = url(address),
            .headers = {{"Authorization", "Basic x"},
                        {"Cookie", "a=b"},
                        {"Content-Type", "t"},
                        {"X-Own", "1"}},
            .body = "body"};
}

TEST(HttpRedirect, IsRecognisedByStatusAndLocation)
{
    for (const int status : {301, 302, 303, 307, 308}) {
        SCOPED_TRACE(status);
        EXPECT_TRUE(is_redirect(redirect(status, "/x")));
    }
    for (const int status : {200, 300, 304, 305, 404}) {
        SCOPED_TRACE(status);
        EXPECT_FALSE(is_redirect(redirect(status, "/x")));
    }
    EXPECT_FALSE(is_redirect(response_head{.status = 302}));
}

TEST(HttpRedirect, ChangesTheMethodAsTheStatusAsks)
{
    struct row {
        int status;
        const char* before;
        const char* after;
        bool body;
    };
    for (const row& each : {row{301, "POST", "GET", false},
                            row{302, "POST", "GET", false},
                            row{303, "POST", "GET", false},
                            row{303, "PUT", "GET", false},
                            row{303, "HEAD", "HEAD", true},
                            row{301, "PUT", "PUT", true},
                            row{307, "POST", "POST", true},
                            row{308, "POST", "POST", true}}) {
        SCOPED_TRACE(std::string(each.before) + " " + std::to_string(each.status));
        const request next =
            follow_redirect(secret_request(each.before, "http://a/1"), redirect(each.status, "/2"));
        EXPECT_EQ(next.method, each.after);
        EXPECT_EQ(next.body.empty(), !each.body);
        EXPECT_EQ(next.headers.contains("Content-Type"), each.body);
    }
}

TEST(HttpRedirect, KeepsCredentialsWithinTheOrigin)
{
    const request next =
        follow_redirect(secret_request("GET", "http://a/1"), redirect(302, "http://A:80/2"));

    EXPECT_TRUE(next.headers.contains("Authorization"));
    EXPECT_TRUE(next.headers.contains("Cookie"));
}

TEST(HttpRedirect, DropsCredentialsWhenTheOriginChanges)
{
    for (const char* location : {"http://b/2", "http://a:81/2", "https://a/2", "//b/2"}) {
        SCOPED_TRACE(location);
        const request next =
            follow_redirect(secret_request("GET", "http://a/1"), redirect(302, location));
        EXPECT_FALSE(next.headers.contains("Authorization"));
        EXPECT_FALSE(next.headers.contains("Cookie"));
        EXPECT_TRUE(next.headers.contains("X-Own"));
    }
}

TEST(HttpRedirect, RefusesToLeaveHttps)
{
    try {
        follow_redirect(secret_request("GET", "https://a/1"), redirect(302, "http://a/2"));
        FAIL() << "expected request_error";
    } catch (const request_error& error) {
        EXPECT_EQ(error.code(), errc::insecure_redirect);
        EXPECT_EQ(error.url(), "https://a/1");
    }
}

TEST(HttpRedirect, NamesALocationThatCannotBeUsed)
{
    try {
        follow_redirect(secret_request("GET", "http://a/1"), redirect(302, "ftp://b/"));
        FAIL() << "expected request_error";
    } catch (const request_error& error) {
        EXPECT_EQ(error.code(), errc::bad_redirect);
        EXPECT_NE(std::string(error.what()).find("ftp://b/"), std::string::npos);
    }
}

} // namespace

} // namespace cofutures::http::detail
