// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "options.hpp"

#include <gtest/gtest.h>

namespace downloader {

namespace {

flags_options flags(std::vector<std::string> arguments)
{
    arguments.insert(arguments.begin(), "flags");
    return std::get<flags_options>(parse_command(std::move(arguments)));
}

std::string problem(std::vector<std::string> arguments)
{
    try {
        parse_command(std::move(arguments));
    } catch (const usage_error& error) {
        EXPECT_TRUE(error.usage().empty() || error.usage().starts_with("usage: downloader "))
            << error.usage();
        return error.what();
    }
    return "accepted";
}

TEST(DownloaderOptions, HaveTheDocumentedDefaults)
{
    const flags_options options = flags({});

    EXPECT_TRUE(options.codes.empty());
    EXPECT_EQ(options.server, "LOCAL");
    EXPECT_EQ(options.how, mode::coroutines);
    EXPECT_EQ(options.output_dir, "downloaded");
    EXPECT_FALSE(options.limit || options.max_req || options.pattern || options.seed);
    EXPECT_FALSE(options.all || options.every || options.verbose || options.compare ||
                 options.json);
}

TEST(DownloaderOptions, AreReadInBothForms)
{
    const flags_options brief =
        flags({"BR", "cn", "-a", "-l", "3", "-m", "7", "-s", "delay", "-v", "-o", "x"});
    EXPECT_EQ(brief.codes, (std::vector<std::string>{"BR", "cn"}));
    EXPECT_TRUE(brief.all && brief.verbose);
    EXPECT_EQ(brief.limit, 3);
    EXPECT_EQ(brief.max_req, 7);
    EXPECT_EQ(brief.server, "delay");
    EXPECT_EQ(brief.output_dir, "x");

    const flags_options full = flags({"--every",
                                      "--limit=3",
                                      "--max_req",
                                      "7",
                                      "--server",
                                      "ERROR",
                                      "--verbose",
                                      "--mode",
                                      "Threads",
                                      "--pattern",
                                      "{CC}.svg",
                                      "--seed",
                                      "9"});
    EXPECT_TRUE(full.every && full.verbose);
    EXPECT_EQ(full.how, mode::threads);
    EXPECT_EQ(full.pattern, "{CC}.svg");
    EXPECT_EQ(full.seed, 9u);
}

TEST(DownloaderOptions, RefuseWhatMakesNoSense)
{
    EXPECT_EQ(problem({"flags", "-l", "0"}), "-l/--limit must be 1 or more, got 0");
    EXPECT_EQ(problem({"flags", "-m", "-3"}), "-m/--max_req must be 1 or more, got -3");
    EXPECT_EQ(problem({"flags", "--timeout", "0"}), "--timeout must be more than 0 seconds, got 0");
    EXPECT_EQ(problem({"flags", "--timeout", "nan"}),
              "--timeout must be more than 0 seconds, got nan");
    EXPECT_NE(problem({"flags", "-l", "many"}), "accepted");
    EXPECT_NE(problem({"flags", "--mode", "processes"}), "accepted");
    EXPECT_NE(problem({"flags", "--mode", "threads", "--compare"}), "accepted");
    EXPECT_NE(problem({"flags", "--unknown"}), "accepted");
    EXPECT_NE(problem({"flags", "--delay-min", "5", "--delay-max", "2"}), "accepted");
    EXPECT_NE(problem({"serve", "--error-rate", "1.5"}), "accepted");
    EXPECT_NE(problem({"serve", "--port", "65536"}), "accepted");
    EXPECT_NE(problem({"serve", "--delay-min", "-1"}), "accepted");
    EXPECT_NE(problem({}), "accepted");
    EXPECT_NE(problem({"fly"}), "accepted");
}

TEST(DownloaderOptions, ExplainThemselves)
{
    const auto help = [](std::vector<std::string> arguments) {
        return std::get<print_text>(parse_command(std::move(arguments))).text;
    };

    EXPECT_NE(help({"--help"}).find("serve"), std::string::npos);
    EXPECT_NE(help({"flags", "-h"}).find("--max_req"), std::string::npos);
    EXPECT_NE(help({"flags", "-h"}).find("=downloaded"), std::string::npos) << "defaults are shown";
    EXPECT_TRUE(help({"--version"}).starts_with("downloader "));
}

TEST(DownloaderOptions, ServeHasItsOwn)
{
    const auto options = std::get<serve_options>(parse_command({"serve",
                                                                "--port",
                                                                "0",
                                                                "--delay-min",
                                                                "5",
                                                                "--delay-max",
                                                                "9",
                                                                "--error-rate",
                                                                "0.25",
                                                                "--seed",
                                                                "4"}));

    EXPECT_EQ(options.port, 0);
    EXPECT_EQ(options.delay_min.count(), 5);
    EXPECT_EQ(options.delay_max.count(), 9);
    EXPECT_EQ(options.error_rate, 0.25);
    EXPECT_EQ(options.seed, 4u);
}

} // namespace

} // namespace downloader
