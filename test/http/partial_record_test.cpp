// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "http/partial_record.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include <unistd.h>

namespace cofutures::http::detail {

namespace {

TEST(HttpContentRange, IsReadWhereItIsComplete)
{
    EXPECT_EQ(content_range::parse("bytes 5-9/10"), (content_range{5, 9, 10}));
    EXPECT_EQ(content_range::parse("Bytes 0-0/1"), (content_range{0, 0, 1}));
    for (const char* text : {"",
                             "bytes",
                             "bytes 5-9",
                             "bytes 5-9/*",
                             "bytes */10",
                             "bytes 9-5/10",
                             "bytes 5-10/10",
                             "bytes -5-9/10",
                             "bytes 5-9/10 ",
                             "bytes 5-9/10, 11-12/10",
                             "lines 5-9/10",
                             "bytes 5-9/99999999999999999999999"}) {
        EXPECT_EQ(content_range::parse(text), std::nullopt) << text;
    }
}

TEST(HttpStrongValidator, IsAStrongTagOrAnOldDate)
{
    const std::string noon = "Wed, 01 Jul 2026 12:00:00 GMT";
    const std::string later = "Wed, 01 Jul 2026 12:00:01 GMT";
    const auto of = [](headers fields) {
        return strong_validator({.status = 200, .headers = std::move(fields)});
    };

    EXPECT_EQ(of({{"ETag", "\"a\""}, {"Last-Modified", noon}}), "\"a\"");
    EXPECT_EQ(of({{"Last-Modified", noon}, {"Date", later}}), noon);
    EXPECT_EQ(of({{"Last-Modified", noon}, {"Date", noon}}), "") << "may change within the second";
    EXPECT_EQ(of({{"Last-Modified", noon}}), "");
    EXPECT_EQ(of({{"Last-Modified", "yesterday"}, {"Date", later}}), "");
    EXPECT_EQ(of({{"ETag", "W/\"a\""}}), "");
    EXPECT_EQ(of({{"ETag", "a"}}), "");
    EXPECT_EQ(of({{"ETag", "\"a\""}, {"ETag", "\"a\""}}), "\"a\"");
    EXPECT_EQ(of({{"ETag", "\"a\""}, {"ETag", "\"b\""}}), "") << "which of them?";
    EXPECT_EQ(of({}), "");
}

class HttpRecordOfGaps : public testing::Test {
protected:
    ~HttpRecordOfGaps() override { std::filesystem::remove(path); }

    std::optional<partial_record> load(const std::string& text) const
    {
        std::ofstream(path) << text;
        return partial_record::load(path);
    }

    const std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("cofutures_gaps_" + std::to_string(::getpid()));
};

TEST_F(HttpRecordOfGaps, ComesBackAsItWasSaved)
{
    const partial_record record{.url = "http://h/",
                                .validator = "\"a\"",
                                .length = 100,
                                .missing = {{1, 10}, {20, 21}, {90, 100}}};
    ASSERT_TRUE(record.save(path));
    EXPECT_EQ(partial_record::load(path), record);

    std::ifstream file(path);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}),
              "cofutures part 2\nhttp://h/\n\"a\"\n100\n1-9,20-20,90-99\nend\n");
}

TEST_F(HttpRecordOfGaps, SaysInWhichCodingTheFileIsStored)
{
    partial_record record{
        .url = "http://h/", .validator = "\"a\"", .length = 100, .coding = "x-gzip"};
    ASSERT_TRUE(record.save(path));
    EXPECT_EQ(partial_record::load(path), record);
    EXPECT_EQ(record.text(), "cofutures part 3\nhttp://h/\n\"a\"\n100\nx-gzip\n\nend\n");

    record.missing = {{40, 100}};
    ASSERT_TRUE(record.save(path));
    EXPECT_EQ(partial_record::load(path), record);
    const std::string text = record.text();
    EXPECT_EQ(text, "cofutures part 3\nhttp://h/\n\"a\"\n100\nx-gzip\n40-99\nend\n");
    for (std::size_t size = 0; size + 1 < text.size(); ++size) {
        EXPECT_EQ(load(text.substr(0, size)), std::nullopt) << text.substr(0, size);
    }
    EXPECT_EQ(load("cofutures part 3\nu\nv\n100\n\n\nend\n"), std::nullopt);
}

TEST_F(HttpRecordOfGaps, IsForItsOwnersEyes)
{
    const partial_record record{
        .url = "http://h/?signature=secret", .validator = "\"a\"", .length = 100};
    std::ofstream(path) << "of an earlier version, that everybody can read";
    ASSERT_TRUE(record.save(path));
    EXPECT_EQ(std::filesystem::status(path).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(HttpRecordOfGaps, IsNoneWhereItIsEndless)
{
    EXPECT_TRUE(load("cofutures part 1\nu\nv\n100\n"));
    EXPECT_EQ(load("cofutures part 1\n" + std::string(2'000'000, 'u') + "\nv\n100\n"),
              std::nullopt);
}

TEST_F(HttpRecordOfGaps, IsNoneWhereItIsCutOff)
{
    const std::string whole = "cofutures part 2\nu\nv\n100\n10-19,30-39\nend";
    ASSERT_TRUE(load(whole + "\n"));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_EQ(load(whole.substr(0, size)), std::nullopt) << whole.substr(0, size);
    }
}

TEST_F(HttpRecordOfGaps, IsNoneWhereItsValidatorCannotBeSent)
{
    ASSERT_TRUE(load("cofutures part 1\nu\n\"a\"\n100\n"));
    for (const char* validator : {"\"a\rX: y\"", "\"a\1\"", "\"a\"\r"}) {
        EXPECT_EQ(load(std::string("cofutures part 1\nu\n") + validator + "\n100\n"), std::nullopt);
    }
}

TEST_F(HttpRecordOfGaps, IsNoneWhereTheRangesMakeNoSense)
{
    for (const char* ranges : {"",
                               "0-9",
                               "10-9",
                               "10-100",
                               "10",
                               "10-",
                               "-10",
                               "10-19,",
                               "10-19,,30-39",
                               "10-19 30-39",
                               "10-19,19-30",
                               "10-19,20-30",
                               "30-39,10-19",
                               "10-18446744073709551615",
                               "10-99999999999999999999",
                               "a-b"}) {
        EXPECT_EQ(load(std::string("cofutures part 2\nu\nv\n100\n") + ranges + "\nend\n"),
                  std::nullopt)
            << ranges;
    }
}

TEST(HttpPartialRecord, ComesBackAsItWasSaved)
{
    const auto path =
        std::filesystem::temp_directory_path() / ("cofutures_record_" + std::to_string(::getpid()));
    const partial_record record{.url = "http://h/", .validator = "\"a b\"", .length = 10};

    EXPECT_EQ(partial_record::load(path), std::nullopt);
    ASSERT_TRUE(record.save(path));
    EXPECT_EQ(partial_record::load(path), record);
    for (const char* text : {"",
                             "cofutures part 1\n",
                             "cofutures part 2\nu\nv\n10\n",
                             "cofutures part 1\nu\nv\n",
                             "cofutures part 1\nu\nv\nten\n",
                             "cofutures part 1\nu\nv\n10x\n",
                             "cofutures part 1\nu\n\n10\n"}) {
        std::ofstream(path) << text;
        EXPECT_EQ(partial_record::load(path), std::nullopt) << text;
    }
    std::filesystem::remove(path);
    EXPECT_FALSE(record.save("/no/such/folder/record"));
}

} // namespace

} // namespace cofutures::http::detail
