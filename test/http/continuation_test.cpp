// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "http/continuation.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

namespace cofutures::http::detail {

void PrintTo(continuation found, std::ostream* out)
{
    constexpr const char* names[] = {"rest", "rest_if_whole", "whole", "misfit", "nothing"};
    *out << names[static_cast<int>(found)];
}

namespace {

const std::string noon = "Wed, 01 Jul 2026 12:00:00 GMT";
const std::string later = "Wed, 01 Jul 2026 12:00:02 GMT";

continuation of(headers fields, std::optional<std::uint64_t> length = 5, int status = 206)
{
    const partial_record known{.url = "http://h/", .validator = "\"a\"", .length = 10};
    return judge(known, {5, 10}, {.status = status, .headers = std::move(fields)}, length);
}

// Of an answer that fits, with one more field.
continuation with(headers::field more)
{
    headers fields{{"Content-Range", "bytes 5-9/10"}, {"ETag", "\"a\""}};
    fields.add(std::move(more.first), std::move(more.second));
    return of(std::move(fields));
}

TEST(HttpContinuation, IsTheRestOfTheSameVersionOnly)
{
    EXPECT_EQ(of({{"Content-Range", "bytes 5-9/10"}, {"ETag", "\"a\""}}), continuation::rest);
    for (const char* tag : {"\"b\"", "W/\"a\"", "a", "", "\"A\"", "\"a\", \"a\""}) {
        EXPECT_EQ(of({{"Content-Range", "bytes 5-9/10"}, {"ETag", tag}}), continuation::misfit)
            << tag;
    }
    EXPECT_EQ(of({{"Content-Range", "bytes 5-9/10"}}), continuation::misfit) << "may be any";
    EXPECT_EQ(of({{"Content-Range", "bytes 5-9/10"}, {"Last-Modified", noon}}),
              continuation::misfit);
}

TEST(HttpContinuation, IsExactlyWhatWasAskedFor)
{
    for (const char* range : {"bytes 4-9/10",
                              "bytes 5-8/10",
                              "bytes 5-9/11",
                              "bytes 5-10/11",
                              "bytes 0-4/10",
                              "bytes 0-9/10",
                              "bytes 5-9/*",
                              "bytes 5-9",
                              "",
                              "none"}) {
        EXPECT_EQ(of({{"Content-Range", range}, {"ETag", "\"a\""}}), continuation::misfit) << range;
    }
    EXPECT_EQ(of({{"ETag", "\"a\""}}), continuation::misfit);

    const partial_record known{.url = "http://h/", .validator = "\"a\"", .length = 10};
    const response_head head{.status = 206,
                             .headers = {{"Content-Range", "bytes 3-6/10"}, {"ETag", "\"a\""}}};
    EXPECT_EQ(judge(known, {3, 7}, head, 4), continuation::rest);
    EXPECT_EQ(judge(known, {3, 8}, head, 4), continuation::misfit);
    EXPECT_EQ(judge(known, {2, 7}, head, 4), continuation::misfit);
    EXPECT_EQ(judge(known, {3, 10}, head, 4), continuation::misfit);
}

TEST(HttpContinuation, HasTheLengthOfItsRange)
{
    const headers fields{{"Content-Range", "bytes 5-9/10"}, {"ETag", "\"a\""}};
    for (const std::uint64_t length : {0u, 1u, 4u, 6u, 10u, 31u}) {
        EXPECT_EQ(of(fields, length), continuation::misfit) << length;
    }
    EXPECT_EQ(of(fields, 5), continuation::rest);
    EXPECT_EQ(of(fields, std::nullopt), continuation::rest_if_whole) << "as far as one can see";
    EXPECT_EQ(of({{"Content-Range", "bytes 5-9/10"}}, std::nullopt), continuation::misfit);
}

TEST(HttpContinuation, ComparesDatesWhereADateIsTheValidator)
{
    const partial_record known{.url = "http://h/", .validator = noon, .length = 10};
    const auto dated = [&known](headers fields) {
        fields.add("Content-Range", "bytes 5-9/10");
        return judge(known, {5, 10}, {.status = 206, .headers = std::move(fields)}, 5);
    };
    EXPECT_EQ(dated({{"Last-Modified", noon}}), continuation::rest);
    EXPECT_EQ(dated({}), continuation::rest) << "a server that has compared need not say it again";
    EXPECT_EQ(dated({{"Last-Modified", later}}), continuation::misfit);
    EXPECT_EQ(dated({{"ETag", "\"a\""}, {"Last-Modified", noon}}), continuation::misfit)
        << "the whole had none";
    EXPECT_EQ(dated({{"ETag", "W/\"a\""}}), continuation::misfit);
}

TEST(HttpContinuation, IsNoAnswerThatContradictsItself)
{
    EXPECT_EQ(with({"ETag", "\"a\""}), continuation::rest) << "twice the same";
    EXPECT_EQ(with({"ETag", "\"b\""}), continuation::misfit);
    EXPECT_EQ(with({"Content-Range", "bytes 5-9/10"}), continuation::rest);
    EXPECT_EQ(with({"content-range", "bytes 0-4/10"}), continuation::misfit);
    EXPECT_EQ(with({"Last-Modified", noon}), continuation::rest);
    EXPECT_EQ(with({"Content-Type", "multipart/byteranges; boundary=x"}), continuation::misfit);
    EXPECT_EQ(with({"Content-Type", "Multipart/ByteRanges"}), continuation::misfit);
    EXPECT_EQ(with({"Content-Type", "image/png"}), continuation::rest);
}

TEST(HttpContinuation, HasTheCodingOfTheWhole)
{
    EXPECT_EQ(with({"Content-Encoding", "br"}), continuation::misfit);
    EXPECT_EQ(with({"Content-Encoding", "Identity"}), continuation::rest);

    const partial_record known{
        .url = "http://h/", .validator = "\"a\"", .length = 10, .coding = "x-gzip"};
    headers fields{{"Content-Range", "bytes 5-9/10"}, {"ETag", "\"a\""}};
    EXPECT_EQ(judge(known, {5, 10}, {.status = 206, .headers = fields}, 5), continuation::misfit);
    fields.set("Content-Encoding", "X-GZip");
    EXPECT_EQ(judge(known, {5, 10}, {.status = 206, .headers = fields}, 5), continuation::rest);
    fields.add("Content-Encoding", "br");
    EXPECT_EQ(judge(known, {5, 10}, {.status = 206, .headers = fields}, 5), continuation::misfit);
    EXPECT_EQ(content_coding({.headers = fields}), "x-gzip,br");
}

TEST(HttpContinuation, GivesWayToTheWhole)
{
    for (const int status : {200, 203}) {
        EXPECT_EQ(of({{"ETag", "\"b\""}}, 31, status), continuation::whole) << status;
        EXPECT_EQ(of({}, std::nullopt, status), continuation::whole) << status;
    }
    EXPECT_EQ(of({{"Content-Range", "bytes 0-9/10"}}, 10, 200), continuation::whole);
    EXPECT_EQ(of({{"Content-Range", "bytes 0-9/10"}}, std::nullopt, 200), continuation::whole);
}

TEST(HttpContinuation, TakesNoPartForTheWhole)
{
    for (const char* range : {"bytes 5-9/10", "bytes 0-4/10", "bytes */10", "5-9"}) {
        EXPECT_EQ(of({{"Content-Range", range}, {"ETag", "\"a\""}}, 5, 200), continuation::misfit)
            << range;
    }
    EXPECT_EQ(of({{"Content-Range", "bytes 0-9/10"}}, 5, 200), continuation::misfit);
    EXPECT_EQ(of({{"Content-Range", "bytes 0-9/10"}, {"Content-Range", "bytes 5-9/10"}}, 10, 200),
              continuation::misfit);
}

TEST(HttpContinuation, IsOverWhereTheServerSaysThatSomethingHasChanged)
{
    for (const int status : {304, 412, 416}) {
        EXPECT_EQ(of({{"Content-Range", "bytes 5-9/10"}, {"ETag", "\"a\""}}, 5, status),
                  continuation::misfit)
            << status;
    }
}

TEST(HttpContinuation, IsPostponedByAnyOtherAnswer)
{
    for (const int status : {202, 204, 205, 302, 403, 404, 429, 500, 503}) {
        EXPECT_EQ(of({{"Content-Range", "bytes 5-9/10"}, {"ETag", "\"a\""}}, 5, status),
                  continuation::nothing)
            << status;
    }
}

} // namespace

} // namespace cofutures::http::detail
