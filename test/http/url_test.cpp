// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/http/error.hpp>
#include <cofutures/http/url.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace cofutures::http {

namespace {

std::string reason_for(std::string_view text)
{
    try {
        (void)url(text);
    } catch (const request_error& error) {
        return error.what();
    }
    return "accepted";
}

TEST(Url, SplitsAnAddressIntoItsParts)
{
    const url parsed("HTTP://Example.ORG:8080/a/b.png?x=1&y=2#part");

    EXPECT_EQ(parsed.scheme(), "http");
    EXPECT_EQ(parsed.host(), "example.org");
    EXPECT_EQ(parsed.port(), 8080);
    EXPECT_EQ(parsed.target(), "/a/b.png?x=1&y=2");
    EXPECT_EQ(parsed.authority(), "example.org:8080");
    EXPECT_EQ(parsed.str(), "http://example.org:8080/a/b.png?x=1&y=2");
}

TEST(Url, KnowsThePortOfEachSchemeAndOmitsItFromTheText)
{
    EXPECT_EQ(url("http://h").port(), 80);
    EXPECT_EQ(url("https://h").port(), 443);
    EXPECT_EQ(url("https://h:443").str(), "https://h/");
    EXPECT_EQ(url("http://h:443").str(), "http://h:443/");
    EXPECT_EQ(url("http://h:").port(), 80);
}

TEST(Url, TakesIpv6AddressesOutOfTheirBrackets)
{
    const url parsed("http://[::1]:8001/x");

    EXPECT_EQ(parsed.host(), "::1");
    EXPECT_EQ(parsed.str(), "http://[::1]:8001/x");
    for (const char* const host : {"[::]", "[fe80::]", "[1:2:3:4:5:6:7:8]", "[::ffff:1.2.3.4]"}) {
        EXPECT_EQ(url("http://" + std::string(host)).authority(), host);
    }
}

TEST(Url, LeavesTheDotThatEndsAFullName)
{
    EXPECT_EQ(url("http://example.org./").host(), "example.org.");
}

TEST(Url, EncodesWhatMayNotStandInAPath)
{
    EXPECT_EQ(url("http://h/a b/\xc3\xa9?q=<>").target(), "/a%20b/%C3%A9?q=%3C%3E");
    EXPECT_EQ(url("http://h/100%/%41").target(), "/100%25/%41");
}

TEST(Url, AddsThePathThatAQueryLacks)
{
    EXPECT_EQ(url("http://h?x").target(), "/?x");
}

TEST(Url, SaysWhatIsWrongWithBadInput)
{
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"", "expected something like http://host/path"},
        {"example.org/x", "expected something like http://host/path"},
        {"http:/example.org", "expected something like http://host/path"},
        {"http://", "the host is missing"},
        {"http://:80/", "the host is missing"},
        {"http://h:0/", "the port must be a number from 1 to 65535"},
        {"http://h:65536/", "the port must be a number from 1 to 65535"},
        {"http://h:8o/", "the port must be a number from 1 to 65535"},
        {"http://h:99999999999999999999/", "the port must be a number from 1 to 65535"},
        {"http://[::1/", "the closing ] of the address is missing"},
        {"http://[::1]x/", "unexpected text after the ]"},
        {"http://./", "the host is missing"},
        {"http://..:80/", "the host is missing"},
        {"http://[zz]/", "the brackets do not hold an IPv6 address"},
        {"http://[]/", "the brackets do not hold an IPv6 address"},
        {"http://[:]/", "the brackets do not hold an IPv6 address"},
        {"http://[fe80:]/", "the brackets do not hold an IPv6 address"},
        {"http://[:::]/", "the brackets do not hold an IPv6 address"},
        {"http://[1::2::3]/", "the brackets do not hold an IPv6 address"},
        {"http://[1:2:3:4:5:6:7]/", "the brackets do not hold an IPv6 address"},
        {"http://[1:2:3:4:5:6:7:8:9]/", "the brackets do not hold an IPv6 address"},
        {"http://[12345::]/", "the brackets do not hold an IPv6 address"},
        {"http://[::1.2.3]/", "the brackets do not hold an IPv6 address"},
        {"http://[::1.2.3.256]/", "the brackets do not hold an IPv6 address"},
        {"http://[127.0.0.1]/", "the brackets do not hold an IPv6 address"},
        {"http://[fe80::1%25lo]/", "the brackets do not hold an IPv6 address"},
        {"http://[::1:80/", "the closing ] of the address is missing"},
        {"http://a b/", "the host contains a character that no host name has"},
        {"http://h/\r\nX: y", "contains a control character"},
        {"ftp://h/", "only http and https are supported"},
        {"http://user:secret@h/", "user names in URLs are not accepted"},
    };
    for (const auto& [text, reason] : cases) {
        SCOPED_TRACE(text);
        EXPECT_NE(reason_for(text).find(reason), std::string::npos) << reason_for(text);
    }
}

TEST(Url, NeverRepeatsAPasswordInItsError)
{
    const url base("http://h/");
    for (const std::string text : {"http://user:secret@h/",
                                   "http://secret@h/",
                                   "ftp://user:secret@h/",
                                   "http://user:secret@h/\r\n",
                                   "http://user:secret/word@h/",
                                   "http://user:secret?word@h/",
                                   "http://me@user:secret/word@h/",
                                   "http://[::1]:secret/@h/",
                                   "http:/user:secret@h/",
                                   "user:secret@h/",
                                   "user:secret//x@h/",
                                   " http://user:secret@h/",
                                   "http:///user:secret@h/",
                                   "http:////user:secret@h/x",
                                   "http://user:secret",
                                   "https://user:secret%40h/x",
                                   "//user:secret@h/"}) {
        SCOPED_TRACE(text);
        EXPECT_EQ(redacted(text).find("secret"), std::string::npos) << redacted(text);
        EXPECT_EQ(reason_for(text).find("secret"), std::string::npos) << reason_for(text);
        try {
            base.resolve(text);
        } catch (const request_error& error) {
            EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos) << error.what();
        }
    }
    EXPECT_EQ(reason_for("http://user:secret@h/" + std::string(40000, 'a')).find("secret"),
              std::string::npos);
    EXPECT_EQ(redacted("http://user:secret@h/x"), "http://***@h/x");
}

TEST(Url, IsShownAsItIsWhereItIsOne)
{
    for (const char* text : {"http://h/x",
                             "http://h:80/@x",
                             "http://h/me@x?y=a@b#c@d",
                             "http://h?me@x",
                             "http://h:/me@x",
                             "https://[::1]/me@x",
                             "https://[::1]:80/me@x",
                             "no url"}) {
        EXPECT_EQ(redacted(text), text);
    }
}

TEST(Url, RefusesAnEndlessAddress)
{
    EXPECT_NE(reason_for("http://h/" + std::string(40000, 'a')).find("longer than"),
              std::string::npos);
}

// The table of RFC 3986 section 5.4, as far as it concerns http.
TEST(UrlResolve, FollowsTheExamplesOfTheStandard)
{
    const url base("http://a/b/c/d;p?q");
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g/"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q"},
        {"g#s", "http://a/b/c/g"},
        {";x", "http://a/b/c/;x"},
        {"g;x?y#s", "http://a/b/c/g;x?y"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../g", "http://a/g"},
        {"../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"https://other/x", "https://other/x"},
    };
    for (const auto& [reference, expected] : cases) {
        SCOPED_TRACE(reference);
        EXPECT_EQ(base.resolve(reference).str(), expected);
    }
}

TEST(UrlResolve, RefusesOtherSchemes)
{
    EXPECT_THROW(url("http://a/").resolve("javascript:alert(1)"), request_error);
}

TEST(UrlFileName, IsTheLastSegmentDecoded)
{
    EXPECT_EQ(url("http://h/a/my%20flag.png?x=/y").file_name(), "my flag.png");
    EXPECT_EQ(url("http://h/a/").file_name(), "");
}

TEST(UrlFileName, NeverLeadsOutOfAFolder)
{
    EXPECT_EQ(url("http://h/%2e%2e").file_name(), "");
    EXPECT_EQ(url("http://h/..%2f..%2fetc%2fpasswd").file_name(), ".._.._etc_passwd");
    EXPECT_EQ(url("http://h/a%00b%0a").file_name(), "a_b_");
    EXPECT_EQ(url("http://h/..%5cx").file_name(), ".._x");
}

} // namespace

} // namespace cofutures::http
