// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "flags/report.hpp"

#include <gtest/gtest.h>

namespace downloader {

namespace {

run_report report_of(std::vector<outcome> outcomes)
{
    run_report report;
    report.elapsed = std::chrono::milliseconds(1234);
    for (const outcome each : outcomes) {
        report.files.push_back({"BR", each, each == outcome::downloaded ? "" : "BR why"});
    }
    return report;
}

flags_plan plan_for(std::vector<std::string> codes, std::size_t connections)
{
    flags_plan plan;
    plan.codes = std::move(codes);
    plan.server = {site::delay, "DELAY", "http://127.0.0.1:1"};
    plan.connections = connections;
    return plan;
}

TEST(DownloaderReport, BeginsWithSiteCodesAndConnections)
{
    EXPECT_EQ(
        first_report(plan_for({"BR"}, 1)),
        "DELAY site: http://127.0.0.1:1\nSearching for 1 flag: BR\n1 connection will be used.\n");
    EXPECT_EQ(first_report(plan_for({"BR", "CN"}, 2)),
              "DELAY site: http://127.0.0.1:1\nSearching for 2 flags: BR, CN\n"
              "2 concurrent connections will be used.\n");
}

TEST(DownloaderReport, NamesOnlyTheEndsOfALongList)
{
    std::vector<std::string> codes(10, "AA");
    codes.back() = "ZZ";
    EXPECT_NE(first_report(plan_for(codes, 1)).find("10 flags: AA, AA"), std::string::npos);
    codes.insert(codes.begin(), "AA");
    EXPECT_NE(first_report(plan_for(codes, 1)).find("11 flags: from AA to ZZ\n"),
              std::string::npos);
}

TEST(DownloaderReport, EndsWithTheCountersThatAreNotZero)
{
    EXPECT_EQ(last_report(report_of({outcome::downloaded})),
              "--------------------\n  1 flag downloaded.\nElapsed time: 1.23s\n");
    EXPECT_EQ(
        last_report(report_of({outcome::downloaded,
                               outcome::downloaded,
                               outcome::not_found,
                               outcome::failed,
                               outcome::failed,
                               outcome::timed_out,
                               outcome::interrupted})),
        "--------------------\n  2 flags downloaded.\n  1 not found.\n  2 errors.\n  1 timed out.\n"
        "  1 interrupted.\nElapsed time: 1.23s\n");
    EXPECT_NE(last_report(report_of({outcome::failed})).find("  0 flags downloaded.\n  1 error.\n"),
              std::string::npos);
}

TEST(DownloaderReport, SumsUpInOneLine)
{
    EXPECT_EQ(summary_line(report_of({outcome::downloaded})), "1 flag downloaded in 1.23s\n");
    EXPECT_EQ(summary_line(report_of({outcome::downloaded,
                                      outcome::downloaded,
                                      outcome::not_found,
                                      outcome::failed,
                                      outcome::timed_out,
                                      outcome::interrupted})),
              "2 flags downloaded in 1.23s (1 not found, 1 error, 1 timed out, 1 interrupted)\n");
}

TEST(DownloaderReport, HasALineForEachFile)
{
    EXPECT_EQ(file_line({"BR", outcome::downloaded, ""}), "BR OK");
    EXPECT_EQ(file_line({"XX", outcome::not_found, "XX not found: http://h/"}),
              "XX not found: http://h/");
}

TEST(DownloaderReport, ComparesTheModes)
{
    run_report slow = report_of({outcome::downloaded});
    run_report fast = slow;
    fast.how = mode::coroutines;
    fast.connections = 20;
    fast.elapsed = std::chrono::milliseconds(617);

    EXPECT_EQ(comparison({slow, fast}),
              "mode           flags   connections      time  speed-up\n"
              "sequential         1             1     1.23s      1.0x\n"
              "coroutines         1            20     0.62s      2.0x\n");
}

TEST(DownloaderReport, EscapesTextInJson)
{
    run_report report = report_of({outcome::failed});
    report.files[0].message = "say \"no\\\"\n";

    const std::string json = json_report(plan_for({"BR"}, 1), {report});
    EXPECT_NE(json.find(R"("message": "say \"no\\\"\u000a")"), std::string::npos) << json;
    EXPECT_NE(json.find(R"("errors": 1)"), std::string::npos) << json;
}

TEST(DownloaderExitStatus, TellsWhetherEveryFileIsThere)
{
    EXPECT_EQ(exit_status({report_of({outcome::downloaded, outcome::downloaded})}), 0);
    EXPECT_EQ(exit_status({report_of({outcome::downloaded}), report_of({outcome::not_found})}), 1);
    EXPECT_EQ(exit_status({report_of({outcome::timed_out})}), 1);
    EXPECT_EQ(exit_status({report_of({outcome::downloaded, outcome::interrupted})}), 130);
}

} // namespace

} // namespace downloader
