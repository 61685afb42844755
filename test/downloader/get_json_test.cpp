// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "get/get_json.hpp"
#include "json_string.hpp"

#include <boost/json/src.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

#include <unistd.h>

namespace downloader {

namespace {

std::string read_back(const std::string& text)
{
    return std::string(boost::json::parse(json_string(text)).as_string());
}

TEST(JsonString, IsReadBackAsItWas)
{
    for (const std::string text : {"",
                                   "plain",
                                   "a\"b\\c",
                                   "line\nend\t\x01",
                                   "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
                                   "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf"}) {
        EXPECT_EQ(read_back(text), text);
    }
}

TEST(JsonString, ReplacesWhatIsNotUtf8)
{
    const std::string mark = "\xef\xbf\xbd";
    EXPECT_EQ(read_back("a\xff"
                        "b"),
              "a" + mark + "b");
    EXPECT_EQ(read_back("\xc3"), mark);
    EXPECT_EQ(read_back("\xe2\x82"), mark + mark);
    // Overlong, a surrogate, beyond Unicode.
    EXPECT_EQ(read_back("\xc0\x80"), mark + mark);
    EXPECT_EQ(read_back("\xe0\x80\x80"), mark + mark + mark);
    EXPECT_EQ(read_back("\xed\xa0\x80"), mark + mark + mark);
    EXPECT_EQ(read_back("\xf4\x90\x80\x80"), mark + mark + mark + mark);
    EXPECT_EQ(read_back("\xf0\x8f\x80\x80"), mark + mark + mark + mark);
}

class JsonReport : public testing::Test {
protected:
    ~JsonReport() override { std::filesystem::remove(path_); }

    boost::json::object read() const
    {
        std::ifstream file(path_);
        return boost::json::parse(std::string(std::istreambuf_iterator<char>(file), {}))
            .as_object();
    }

    const std::filesystem::path path_ =
        std::filesystem::temp_directory_path() / ("cofutures_report_" + std::to_string(::getpid()));
};

TEST_F(JsonReport, TellsAllAboutEachFile)
{
    get_tally counts;
    json_report_writer writer(path_.string());
    file_ending file;
    file.url = "http://h/a";
    file.path = "out/a";
    file.status = 200;
    file.final_url = "http://h/b";
    file.size = 12;
    file.resumed_at = 5;
    file.tries = 2;
    file.elapsed = std::chrono::milliseconds(1500);
    file.phases.tls = std::chrono::milliseconds(250);
    for (const ending how : {ending::downloaded, ending::failed}) {
        file.how = how;
        counts.add(file);
        writer.ended(file);
        file = {};
        file.place = "list:7";
        file.problem = "no \"URL\"";
    }
    writer.finish(counts, std::chrono::seconds(2), 1);

    const boost::json::object report = read();
    EXPECT_EQ(report.at("files"), boost::json::parse(R"([
        {"url": "http://h/a", "place": null, "path": "out/a", "outcome": "downloaded",
         "problem": null, "status": 200, "final_url": "http://h/b", "size": 12, "resumed_at": 5, "tries": 2,
         "seconds": 1.5, "phases": {"queue": 0.0, "resolve": 0.0, "connect": 0.0,
         "tls": 0.25, "send": 0.0, "wait": 0.0, "body": 0.0, "pause": 0.0}},
        {"url": "", "place": "list:7", "path": null, "outcome": "failed",
         "problem": "no \"URL\"", "status": null, "final_url": null, "size": 0, "resumed_at": 0, "tries": 0,
         "seconds": 0.0, "phases": {"queue": 0.0, "resolve": 0.0, "connect": 0.0,
         "tls": 0.0, "send": 0.0, "wait": 0.0, "body": 0.0, "pause": 0.0}}])"));
    EXPECT_EQ(report.at("counts"), boost::json::parse(R"({"downloaded": 1, "kept": 0, "planned": 0,
        "failed": 1, "timed_out": 0, "interrupted": 0})"));
    EXPECT_EQ(report.at("bytes"), 12);
    EXPECT_EQ(report.at("exit_status"), 1);
}

TEST_F(JsonReport, IsAnObjectEvenWithoutFiles)
{
    json_report_writer(path_.string()).finish(get_tally(), std::chrono::seconds(0), 0);

    EXPECT_TRUE(read().at("files").as_array().empty());
}

TEST(JsonReportFailures, NameTheReport)
{
    try {
        json_report_writer writer("no/such/folder/report");
        ADD_FAILURE();
    } catch (const std::system_error& error) {
        EXPECT_STREQ(error.what(),
                     "cannot create 'no/such/folder/report': No such file or directory");
    }
    json_report_writer writer("/dev/full");
    EXPECT_THROW(writer.finish(get_tally(), std::chrono::seconds(0), 0), std::system_error);
}

} // namespace

} // namespace downloader
