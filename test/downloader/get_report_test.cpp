// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "get/get_report.hpp"

#include <gtest/gtest.h>

#include <string>

namespace downloader {

namespace {

file_ending ended(ending how, std::uint64_t size = 0)
{
    file_ending file;
    file.how = how;
    file.size = size;
    return file;
}

TEST(GetReport, PrintsSizesInDecimalUnits)
{
    EXPECT_EQ(size_text(0), "0 B");
    EXPECT_EQ(size_text(999), "999 B");
    EXPECT_EQ(size_text(1000), "1.0 kB");
    EXPECT_EQ(size_text(999'949), "999.9 kB");
    EXPECT_EQ(size_text(999'950), "1.0 MB");
    EXPECT_EQ(size_text(1'234'567), "1.2 MB");
    EXPECT_EQ(size_text(5e12), "5.0 TB");
    EXPECT_EQ(size_text(2e19), "20000.0 PB");
}

TEST(GetReport, LetsNobodyCommandTheTerminal)
{
    EXPECT_EQ(printable("a\x1b[2Jb\nc\x7f"), "a?[2Jb?c?");
    EXPECT_EQ(printable("\xc2\x9b"
                        "2J"),
              "?2J");
    EXPECT_EQ(printable("a\x9b\xc3(\xff\xc2"),
              "a?"
              "?(?"
              "?");
    EXPECT_EQ(printable("h\xc3\xa9 \xc2\xa0 \xe2\x82\xac"), "h\xc3\xa9 \xc2\xa0 \xe2\x82\xac");
}

TEST(GetReport, SaysWhatWasSaved)
{
    file_ending file = ended(ending::downloaded, 1500);
    file.path = "out/a";
    file.final_url = "http://h/a";
    file.elapsed = std::chrono::milliseconds(120);

    EXPECT_EQ(success_line(file, false), "out/a 1.5 kB");
    EXPECT_EQ(success_line(file, true), "out/a 1.5 kB in 0.12s from http://h/a");
    file.phases.connect = std::chrono::milliseconds(3);
    file.phases.wait = std::chrono::milliseconds(101);
    file.phases.body = std::chrono::microseconds(499);
    EXPECT_EQ(success_line(file, true),
              "out/a 1.5 kB in 0.12s (connect 0.003, wait 0.101) from http://h/a");
    file.phases = {};
    file.tries = 3;
    file.resumed_at = 700;
    EXPECT_EQ(success_line(file, true),
              "out/a 1.5 kB in 0.12s from http://h/a, resumed at 700 B, 3 tries");
    file.how = ending::kept;
    EXPECT_EQ(success_line(file, true), "out/a is there already");
    file.how = ending::planned;
    file.url = "http://h/b";
    EXPECT_EQ(success_line(file, false), "out/a would come from http://h/b");
}

TEST(GetReport, SaysWhatFailedAndWhere)
{
    file_ending file = ended(ending::failed);
    file.problem = "HTTP 404 Not Found";
    file.url = "http://h/a";
    EXPECT_EQ(failure_line(file), "http://h/a: HTTP 404 Not Found");
    file.place = "list:7";
    EXPECT_EQ(failure_line(file), "list:7: http://h/a: HTTP 404 Not Found");
    file.url = "";
    file.problem = "evil \x1b]0;";
    EXPECT_EQ(failure_line(file), "list:7: evil ?]0;");
}

TEST(GetReport, CountsAndConcludes)
{
    get_tally counts;
    EXPECT_EQ(counts.exit_status(false), 0);
    counts.add(ended(ending::downloaded, 700));
    EXPECT_EQ(summary_line(counts, std::chrono::seconds(2)), "1 file downloaded (700 B) in 2.00s");
    counts.add(ended(ending::downloaded, 700));
    counts.add(ended(ending::kept, 5));
    counts.add(ended(ending::planned));
    EXPECT_EQ(dry_summary_line(counts), "1 file would be downloaded, 1 kept");
    EXPECT_EQ(counts.exit_status(false), 0);
    EXPECT_EQ(counts.exit_status(true), 130);
    for (const ending how : {ending::failed, ending::timed_out, ending::interrupted}) {
        counts.add(ended(how, 5));
        EXPECT_EQ(counts.exit_status(false), 1);
    }
    EXPECT_EQ(counts.total(), 7u);
    EXPECT_EQ(summary_line(counts, std::chrono::milliseconds(310)),
              "2 files downloaded (1.4 kB) in 0.31s, 1 kept, 1 failed, 1 timed out, 1 interrupted");
}

} // namespace

} // namespace downloader
