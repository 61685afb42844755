// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "http/response_parser.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace cofutures::http::detail {

namespace {

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

struct recorder final : body_receiver {
    void begin(const response_head& head, std::optional<std::uint64_t> announced) override
    {
        ++begun;
        status = head.status;
        length = announced;
    }
    void append(std::string_view bytes) override { body += bytes; }

    int begun = 0;
    int status = 0;
    std::optional<std::uint64_t> length;
    std::string body;
};

// Feeds `text` in pieces, ends the connection if asked, and describes what came out.
std::string parsed(std::string_view text,
                   std::size_t piece,
                   bool end = false,
                   bool head = false,
                   std::uint64_t limit = no_limit)
{
    recorder body;
    response_parser parser(head, limit, body);
    try {
        while (!text.empty() && !parser.done()) {
            parser.feed(text.substr(0, piece));
            text.remove_prefix(std::min(piece, text.size()));
        }
        if (end) {
            parser.feed_end();
        }
    } catch (const std::system_error& error) {
        return "error " + std::to_string(error.code().value());
    }
    return std::to_string(body.status) + " '" + body.body + "'" +
           (parser.done() ? " done" : " unfinished") +
           (parser.done() && parser.keep_alive() ? " kept" : "") +
           (body.begun == 1 ? "" : " begun wrongly");
}

std::string code(errc value)
{
    return "error " + std::to_string(static_cast<int>(value));
}

// Each answer must come out the same in whatever pieces it arrives.
void expect_parsed(std::string_view text,
                   const std::string& expected,
                   bool end = false,
                   bool head = false)
{
    for (const std::size_t piece : {std::size_t{1},
                                    std::size_t{2},
                                    std::size_t{3},
                                    std::size_t{4},
                                    std::size_t{5},
                                    std::size_t{7},
                                    text.size()}) {
        SCOPED_TRACE("pieces of " + std::to_string(piece));
        EXPECT_EQ(parsed(text, piece, end, head), expected);
    }
}

TEST(HttpResponseParser, ReadsABodyOfAnnouncedLength)
{
    expect_parsed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200 'hello' done kept");
    expect_parsed("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "200 '' done kept");
    expect_parsed("HTTP/1.1 404 \r\nContent-Length: 2\r\n\r\nno", "404 'no' done kept");
}

TEST(HttpResponseParser, ReadsChunksAndDropsTrailers)
{
    expect_parsed("HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                  "chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\n",
                  "200 'hello!' done kept");
    expect_parsed(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Late: 1\r\n\r\n",
        "200 'ab' done kept");
}

// With 3 or 4 bytes of the last chunk buffered, Beast 1.83 fails an assertion.
TEST(HttpResponseParser, SurvivesAnEmptyChunkedBodyInSmallPieces)
{
    expect_parsed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                  "200 '' done kept");
}

TEST(HttpResponseParser, TrailersDoNotBecomeHeaders)
{
    recorder body;
    response_parser parser(false, no_limit, body);

    parser.feed(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nSet-Cookie: a=b\r\n\r\n");

    EXPECT_TRUE(parser.done());
    EXPECT_FALSE(parser.head().headers.contains("Set-Cookie"));
}

TEST(HttpResponseParser, ReadsABodyWithoutLengthUntilTheEnd)
{
    expect_parsed("HTTP/1.1 200 OK\r\n\r\nall of it", "200 'all of it' done", true);
    expect_parsed("HTTP/1.0 200 OK\r\n\r\n", "200 '' done", true);
}

TEST(HttpResponseParser, NoticesEveryKindOfTruncation)
{
    expect_parsed(
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", code(errc::body_truncated), true);
    expect_parsed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", code(errc::body_truncated), true);
    expect_parsed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
                  code(errc::body_truncated),
                  true);
    expect_parsed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
                  code(errc::body_truncated),
                  true);
    expect_parsed("HTTP/1.1 200 OK\r\nContent-", code(errc::connection_closed), true);
    EXPECT_EQ(parsed("", 1, true), code(errc::connection_closed));
}

TEST(HttpResponseParser, TakesABareLineFeedForTheEndOfAHeaderLine)
{
    expect_parsed("HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", "200 'hi' done kept");
    expect_parsed("HTTP/1.1 200 OK\r\nA: b\nContent-Length: 2\r\n\nhi", "200 'hi' done kept");
    expect_parsed("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\r\n2\r\nhi\r\n0\r\n\r\n",
                  "200 'hi' done kept");
    expect_parsed("HTTP/1.1 100 Continue\n\nHTTP/1.1 200 OK\nContent-Length: 3\n\n\n\r\n",
                  "200 '\n\r\n' done kept");
    expect_parsed("HTTP/1.1 204 No Content\n\n", "204 '' done kept");
}

TEST(HttpResponseParser, RefusesOtherLineEndsAndFoldedLines)
{
    for (const char* text : {"\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
                             "\nHTTP/1.1 200 OK\nContent-Length: 2\n\nhi",
                             "HTTP/1.1 200 OK\rContent-Length: 2\r\rhi\n\n",
                             "HTTP/1.1 200 OK\nA: b\n folded\nContent-Length: 2\n\nhi",
                             "HTTP/1.1 200 OK\r\nA: b\r\n\tc\r\nContent-Length: 2\r\n\r\nhi"}) {
        expect_parsed(text, code(errc::bad_response));
    }
    expect_parsed("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nhi\n0\n\n",
                  code(errc::bad_response));
}

// The connection stays open after each of them, so that nothing more comes to judge by.
TEST(HttpResponseParser, RefusesAsItArrivesWhatCanNoLongerBecomeAnAnswer)
{
    const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const std::string& text : {
             std::string("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
             std::string("S"),
             std::string("220 smtp.example ESMTP\r\n"),
             std::string("HTTP/2 200\r\n"),
             std::string("HTTP/1.1  200 OK"),
             std::string("HTTP/1.1 OK"),
             std::string("HTTP/1.1 2O0 OK\r\n"),
             std::string("HTTP/1.1 100 Continue\r\n\r\nhello"),
             std::string("HTTP/1.1 200 OK\r\nPHP Notice\r\n"),
             std::string("HTTP/1.1 200 OK\r\n: x\r\n"),
             std::string("HTTP/1.1 200 OK\r\nA: x\1y\r\n"),
             std::string("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n"),
             chunked + "5\n",
             chunked + "5;x=y\n",
             chunked + "x",
             chunked + "\r\n",
             chunked + "-5",
             chunked + "5x",
             chunked + "5\rhello",
             chunked + "00000000000000005",
             chunked + "5\r\nhello\n",
             chunked + "5\r\nhellox",
             chunked + "5\r\nhello\r\r",
             chunked + "5\r\nhello\r\n6\n",
             chunked + "0\r\nA: b\n",
         }) {
        SCOPED_TRACE(text);
        expect_parsed(text, code(errc::bad_response));
    }
}

TEST(HttpResponseParser, WaitsForWhatCanStillBecomeAnAnswer)
{
    const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::string whole = chunked + "a;x=\"y\"\r\n\r\n \n\r \r\n\r\n\r\n0A\r\n0123456789\r\n"
                                        "1\r\n\n\r\n000\r\nX: y\r\n\r\n";
    for (std::size_t size = 0; size < whole.size(); ++size) {
        SCOPED_TRACE(size);
        recorder body;
        response_parser parser(false, no_limit, body);
        parser.feed(std::string_view(whole).substr(0, size));
        EXPECT_FALSE(parser.done());
    }
}

struct uninterested final : body_receiver {
    void begin(const response_head&, std::optional<std::uint64_t>) override {}
    void append(std::string_view bytes) override { size += bytes.size(); }
    bool wants_body() const override { return false; }

    std::size_t size = 0;
};

TEST(HttpResponseParser, BoundsNoBodyThatNobodyWants)
{
    for (const char* text :
         {"HTTP/1.1 302 Found\r\nContent-Length: 5\r\n\r\nhello",
          "HTTP/1.1 302 Found\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello"}) {
        uninterested nobody;
        response_parser parser(false, 4, nobody);
        parser.feed(text);
        EXPECT_TRUE(parser.has_head());
        EXPECT_EQ(nobody.size, 5u);
    }
}

TEST(HttpResponseParser, KnowsWithTheHeaderWhetherItsConnectionCanBeKept)
{
    const auto can_keep = [](std::string_view text) {
        recorder body;
        response_parser parser(false, no_limit, body);
        EXPECT_FALSE(parser.can_keep_alive());
        parser.feed(text);
        EXPECT_FALSE(parser.done());
        return parser.can_keep_alive();
    };

    EXPECT_TRUE(can_keep("HTTP/1.1 404 No\r\nContent-Length: 5\r\n\r\n"));
    EXPECT_TRUE(can_keep("HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n"));
    EXPECT_FALSE(can_keep("HTTP/1.1 404 No\r\n\r\n")) << "it ends with the connection";
    EXPECT_FALSE(can_keep("HTTP/1.1 404 No\r\nContent-Length: 5\r\nConnection: close\r\n\r\n"));
    EXPECT_FALSE(can_keep("HTTP/1.0 404 No\r\nContent-Length: 5\r\n\r\n"));
}

TEST(HttpResponseParser, RefusesAStatusBelowAHundred)
{
    expect_parsed("HTTP/1.1 000 No\r\nContent-Length: 0\r\n\r\n", code(errc::bad_response));
    expect_parsed("HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n", code(errc::bad_response));
}

TEST(HttpResponseParser, SkipsInterimResponsesButNotEndlessly)
{
    expect_parsed("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 "
                  "OK\r\nContent-Length: "
                  "1\r\n\r\nx",
                  "200 'x' done kept");
    std::string endless;
    for (int i = 0; i < 100; ++i) {
        endless += "HTTP/1.1 100 Continue\r\n\r\n";
    }
    expect_parsed(endless, code(errc::bad_response));
    expect_parsed("HTTP/1.1 101 Switching\r\n\r\n", code(errc::bad_response));
}

TEST(HttpResponseParser, KnowsAnswersWithoutBody)
{
    expect_parsed("HTTP/1.1 204 No Content\r\n\r\n", "204 '' done kept");
    expect_parsed("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "304 '' done kept");
    expect_parsed("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "200 '' done kept", false, true);
}

TEST(HttpResponseParser, KeepsAConnectionOnlyIfBothSidesAreInStep)
{
    expect_parsed("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
                  "200 'x' done");
    expect_parsed("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", "200 'x' done");
    EXPECT_EQ(parsed("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP", 100), "200 'x' done");
}

TEST(HttpResponseParser, RefusesWhatCanBeReadInTwoWays)
{
    for (const char* text : {
             "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
             "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: gzip\r\n\r\nhello",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello",
             "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
             "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
             "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n",
             "HTTP/1.1 2000 OK\r\n\r\n",
             "HTTP/3.1 200 OK\r\n\r\n",
             "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n",
             "HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n",
             "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n",
         }) {
        SCOPED_TRACE(text);
        expect_parsed(text, code(errc::bad_response), true);
    }
}

TEST(HttpResponseParser, BoundsTheHeader)
{
    EXPECT_EQ(parsed("HTTP/1.1 200 OK\n" + std::string(100'000, 'x'), 1000),
              code(errc::header_too_large));
    EXPECT_EQ(parsed("HTTP/1.1 200 OK\n" + std::string(100'000, 'x') + "\n\n", 200'000),
              code(errc::header_too_large));
    const std::string endless = "HTTP/1.1 200 OK\r\nX: " + std::string(70000, 'x') + "\r\n\r\n";
    const std::string many = [] {
        std::string text = "HTTP/1.1 200 OK\r\n";
        for (int i = 0; i < 20000; ++i) {
            text += "X: y\r\n";
        }
        return text + "\r\n";
    }();

    EXPECT_EQ(parsed(endless, 1000), code(errc::header_too_large));
    EXPECT_EQ(parsed(endless, endless.size()), code(errc::header_too_large));
    EXPECT_EQ(parsed(many, 1000), code(errc::header_too_large));
}

TEST(HttpResponseParser, BoundsChunkExtensionsAndTrailers)
{
    const std::string start = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

    EXPECT_EQ(parsed(start + "5;" + std::string(200000, 'x'), 1000), code(errc::header_too_large));
    EXPECT_EQ(parsed(start + "0\r\nX: " + std::string(200000, 'x'), 1000),
              code(errc::header_too_large));
}

TEST(HttpResponseParser, BoundsTheBodyHoweverItIsSent)
{
    const auto limited = [](std::string_view text) { return parsed(text, 3, false, false, 4); };

    EXPECT_EQ(limited("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
              code(errc::body_too_large));
    EXPECT_EQ(
        limited("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n"),
        code(errc::body_too_large));
    EXPECT_EQ(limited("HTTP/1.1 200 OK\r\n\r\nhello"), code(errc::body_too_large));
    EXPECT_EQ(limited("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhell"), "200 'hell' done kept");
}

} // namespace

} // namespace cofutures::http::detail
