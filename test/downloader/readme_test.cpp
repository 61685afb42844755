// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "serve/flag_images.hpp"
#include "serve/flag_server.hpp"
#include "support/program.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>

namespace {

// Runs every line of README.md that begins with "$ ", in order, in one folder. The server that the
// page starts on a fixed port is this test's own, on a free one.
TEST(Readme, HasOnlyCommandsThatWork)
{
    const downloader::flag_images images("generated");
    const downloader::flag_server server({}, images);
    cofutures::test::program bash("/bin/bash");
    const std::string path =
        std::filesystem::path(DOWNLOADER).parent_path().string() + ":" + std::getenv("PATH");
    std::ifstream page(README);
    int commands = 0;
    for (std::string line; std::getline(page, line);) {
        if (!line.starts_with("$ ") || line.find("downloader serve") != std::string::npos) {
            continue;
        }
        const std::string command = std::regex_replace(
            line.substr(2), std::regex("http://127.0.0.1:8001"), server.base_url());
        const auto result = bash.run({"--norc", "-c", "export PATH=\"$0\"; " + command, path});
        EXPECT_EQ(result.status, 0) << command << '\n' << result.err;
        EXPECT_EQ(result.err, "") << command;
        ++commands;
    }

    EXPECT_GE(commands, 9);
    for (const char* file : {"br.png", "de.png", "flags/south/italy.png", "flags/vn.png"}) {
        EXPECT_TRUE(std::filesystem::exists(bash.folder() / file)) << file;
    }
}

} // namespace
