// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// The programs against a server that is not ours.

#include "flags/country_codes.hpp"
#include "support/nginx.hpp"
#include "support/program.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <string>

namespace {

namespace fs = std::filesystem;
using cofutures::test::nginx;
using cofutures::test::program;

std::string contents(const fs::path& path)
{
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

TEST(DownloaderWithNginx, GetsAllFlagsOverAsManyConnectionsAsAllowed)
{
    program downloader(DOWNLOADER);
    const fs::path served = downloader.folder() / "server" / "html";
    fs::create_directories(served);
    std::mt19937 random(1);
    for (const std::string_view code : downloader::known_codes()) {
        std::string bytes(random() % 20'000, '\0');
        std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
        std::ofstream(served / (std::string(code) + ".png"), std::ios::binary) << bytes;
    }
    nginx server(NGINX, downloader.folder() / "server");

    const auto result = downloader.run(
        {"flags", "-a", "-m", "100", "-s", server.url(), "--pattern", "{CC}.png", "-o", "flags"});

    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_NE(result.out.find("194 flags downloaded"), std::string::npos) << result.out;
    for (const std::string_view code : downloader::known_codes()) {
        const std::string name = std::string(code) + ".png";
        EXPECT_EQ(contents(downloader.folder() / "flags" / name), contents(served / name)) << name;
    }
    const auto accesses = server.stop();
    std::set<std::size_t> connections;
    for (const auto& access : accesses) {
        connections.insert(access.connection);
        EXPECT_EQ(access.status, 200) << access.path;
    }
    EXPECT_EQ(accesses.size(), 194U);
    EXPECT_LE(connections.size(), 100U); // so at least 94 requests went over a used one
}

TEST(DownloaderWithNginx, GetsALargeFileOverSeveralConnections)
{
    program downloader(DOWNLOADER);
    const fs::path served = downloader.folder() / "server" / "html" / "slow";
    fs::create_directories(served);
    std::mt19937 random(1);
    std::string bytes(12'000'000, '\0');
    std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
    std::ofstream(served / "large", std::ios::binary) << bytes;
    nginx server(NGINX, downloader.folder() / "server");

    const auto result = downloader.run({"get",
                                        "--segments",
                                        "4",
                                        "--per-host",
                                        "3",
                                        "--min-segment",
                                        "1M",
                                        "-o",
                                        "out",
                                        server.url() + "/slow/large"});

    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_TRUE(contents(downloader.folder() / "out" / "large") == bytes);
    const auto accesses = server.stop();
    std::set<std::size_t> connections;
    for (const auto& access : accesses) {
        connections.insert(access.connection);
        EXPECT_TRUE(access.status == 200 || access.status == 206) << access.status;
    }
    EXPECT_GE(connections.size(), 2U);
}

} // namespace
