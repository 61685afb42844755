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
    const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
        {{}, "expected a command, get, flags, serve or completion"},
        {{"fly"}, "expected a command, get, flags, serve or completion, got 'fly'"},
        {{"flags", "--unknown"}, "did not expect '--unknown'"},
        {{"serve", "now", "-x"}, "did not expect 'now', '-x'"},
        {{"completion", "bash", "zsh"}, "did not expect 'zsh'"},
        {{"completion"}, "expected SHELL, got nothing"},
        {{"completion", "csh"}, "SHELL: expected bash, fish or zsh, got 'csh'"},
        {{"get", "u", "-j"}, "--jobs: expected N, got nothing"},
        {{"get", "u", "-j", "1", "--jobs", "2"}, "--jobs: expected once, got 2 times"},
        {{"get", "u", "--dry-run=maybe"}, "--dry-run: expected no value, got 'maybe'"},
        {{"flags", "-l", "0"}, "--limit: expected a whole number from 1 to 1000000000, got '0'"},
        {{"flags", "-l", "many"},
         "--limit: expected a whole number from 1 to 1000000000, got 'many'"},
        {{"flags", "-m", "-3"}, "--max_req: expected a whole number from 1 to 100000, got '-3'"},
        {{"flags", "-m", "99999999999999999999"},
         "--max_req: expected a whole number from 1 to 100000, got '99999999999999999999'"},
        {{"flags", "--timeout", "0"}, "--timeout: expected seconds, more than 0, got '0'"},
        {{"flags", "--timeout", "nan"}, "--timeout: expected seconds, more than 0, got 'nan'"},
        {{"flags", "--timeout", "3s"}, "--timeout: expected seconds, more than 0, got '3s'"},
        {{"flags", "--mode", "processes"},
         "--mode: expected coroutines, sequential or threads, got 'processes'"},
        {{"flags", "--mode", "threads", "--compare"}, "--mode excludes --compare"},
        {{"flags", "--delay-min", "5", "--delay-max", "2"},
         "--delay-max: expected no less than --delay-min, 5, got '2'"},
        {{"flags", "--seed", "-1"},
         "--seed: expected a whole number from 0 to 18446744073709551615, got '-1'"},
        {{"serve", "--error-rate", "1.5"},
         "--error-rate: expected a number from 0 to 1, got '1.5'"},
        {{"serve", "--port", "65536"},
         "--port: expected a whole number from 0 to 65535, got '65536'"},
        {{"serve", "--port", ""}, "--port: expected a whole number from 0 to 65535, got ''"},
        {{"serve", "--bind", "localhost"}, "--bind: expected an IP address, got 'localhost'"},
        {{"serve", "--delay-min", "-1"},
         "--delay-min: expected a whole number from 0 to 3600000, got '-1'"},
    };
    for (const auto& [arguments, expected] : cases) {
        EXPECT_EQ(problem(arguments), expected);
    }
}

TEST(DownloaderOptions, ReadNumbersAsDecimalOnes)
{
    EXPECT_EQ(std::get<serve_options>(parse_command({"serve", "--port", "010"})).port, 10);
    EXPECT_EQ(problem({"serve", "--port", "0x10"}),
              "--port: expected a whole number from 0 to 65535, got '0x10'");
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
