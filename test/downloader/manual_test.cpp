// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "options.hpp"
#include "support/program.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace downloader {

namespace {

// What one place says about one option.
struct option_entry {
    std::string value;    ///< the name of its value, "" for a flag
    std::string fallback; ///< its default

    friend bool operator==(const option_entry&, const option_entry&) = default;
    friend std::ostream& operator<<(std::ostream& out, const option_entry& entry)
    {
        return out << '(' << entry.value << '=' << entry.fallback << ')';
    }
};

// By names, as "-i,--input".
using options_of_command = std::map<std::string, option_entry>;

const std::vector<std::string> commands = {"get", "flags", "serve"};

std::string printed(std::vector<std::string> arguments)
{
    return std::get<print_text>(parse_command(std::move(arguments))).text;
}

options_of_command help_of(const std::string& command)
{
    options_of_command options;
    std::istringstream help(printed({command, "--help"}));
    const std::regex entry("  (-[-a-z_,]+)( ('.*'|[A-Z:]+)(=(\\S+))?)?( .*)?");
    for (std::string line; std::getline(help, line);) {
        std::smatch parts;
        if (std::regex_match(line, parts, entry)) {
            options[parts[1]] = {parts[3], parts[5]};
        }
    }
    return options;
}

options_of_command manual_of(const std::string& command)
{
    std::ifstream file(MANUAL);
    options_of_command options;
    std::string section;
    std::string names;
    const std::regex entry("(\\\\fB(\\S+)\\\\fR, )?\\\\fB(\\S+)\\\\fR( \\\\fI(.*)\\\\fR)?");
    for (std::string line; std::getline(file, line);) {
        std::smatch parts;
        if (line.starts_with(".SS ") || line.starts_with(".SH ")) {
            section = line.substr(4);
        } else if (section == command && std::regex_match(line, parts, entry)) {
            names =
                std::string(parts[2]) + (parts[2].length() == 0 ? "" : ",") + std::string(parts[3]);
            names = std::regex_replace(names, std::regex("\\\\"), "");
            options[names] = {parts[5], ""};
        } else if (section == command && line.starts_with("Default: ")) {
            options[names].fallback = line.substr(9);
        }
    }
    return options;
}

TEST(Manual, SaysWhatHelpSays)
{
    for (const std::string& command : commands) {
        SCOPED_TRACE(command);
        const options_of_command help = help_of(command);
        EXPECT_GE(help.size(), 8u);
        EXPECT_EQ(manual_of(command), help);
    }
}

TEST(Completion, OffersInBashWhatHelpSays)
{
    cofutures::test::program bash("/bin/bash");
    const std::string script = (bash.folder() / "script").string();
    std::ofstream(script) << printed({"completion", "bash"});
    for (const std::string& command : commands) {
        SCOPED_TRACE(command);
        const auto result = bash.run({"--norc",
                                      "-c",
                                      ". \"$0\"; COMP_WORDS=(downloader \"$1\" -); COMP_CWORD=2; "
                                      "_downloader; printf '%s\\n' \"${COMPREPLY[@]}\"",
                                      script,
                                      command});
        std::set<std::string> expected;
        for (const auto& [names, _] : help_of(command)) {
            std::istringstream each(names);
            for (std::string name; std::getline(each, name, ',');) {
                expected.insert(name);
            }
        }
        std::istringstream lines(result.out);
        std::set<std::string> offered;
        for (std::string line; std::getline(lines, line);) {
            offered.insert(line);
        }
        EXPECT_EQ(offered, expected) << result.err;
    }
}

TEST(Completion, OffersFilesCommandsAndShellsInBash)
{
    cofutures::test::program bash("/bin/bash");
    std::ofstream(bash.folder() / "my list") << "";
    const std::string script = (bash.folder() / "script").string();
    std::ofstream(script) << printed({"completion", "bash"});
    const auto offers = [&](const std::string& words) {
        return bash
            .run({"--norc",
                  "-c",
                  ". \"$0\"; COMP_WORDS=(downloader " + words +
                      "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _downloader; "
                      "printf '<%s>' \"${COMPREPLY[@]}\"",
                  script})
            .out;
    };

    EXPECT_EQ(offers("get -i my"), "<my list>");
    EXPECT_EQ(offers("get --jobs 3"), "<>");
    EXPECT_EQ(offers("f"), "<flags>");
    EXPECT_EQ(offers("completion z"), "<zsh>");
}

TEST(Completion, KnowsEveryOptionInZshAndFish)
{
    const std::string zsh = printed({"completion", "zsh"});
    const std::string fish = printed({"completion", "fish"});
    for (const std::string& command : commands) {
        for (const auto& [names, entry] : help_of(command)) {
            const std::string name = names.substr(names.find("--") + 2);
            const std::string in_fish =
                "-n '__fish_seen_subcommand_from " + command + "'[^\n]* -l " + name + " ";
            EXPECT_TRUE(std::regex_search(fish, std::regex(in_fish))) << in_fish;
            const std::string in_zsh = "--" + name + (entry.value.empty() ? "[" : "=[");
            EXPECT_NE(zsh.find(in_zsh), std::string::npos) << in_zsh;
        }
    }
}

TEST(Completion, IsAcceptedByTheShellsThatAreHere)
{
    for (const char* shell : {"bash", "zsh", "fish"}) {
        const std::string path = std::string("/usr/bin/") + shell;
        if (std::filesystem::exists(path)) {
            cofutures::test::program checker(path);
            const std::string script = (checker.folder() / "script").string();
            std::ofstream(script) << printed({"completion", shell});
            const auto result = checker.run({"-n", script});
            EXPECT_EQ(result.status, 0) << shell << ": " << result.err;
        }
    }
}

TEST(Completion, NeedsAShellItKnows)
{
    EXPECT_THROW(parse_command({"completion"}), usage_error);
    EXPECT_THROW(parse_command({"completion", "csh"}), usage_error);
}

} // namespace

} // namespace downloader
