// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "support/file_server.hpp"
#include "support/program.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using cofutures::test::file_server;
using cofutures::test::program;
using cofutures::test::program_result;

// COFUTURES_KILLS=N kills N times over a list of 500 files; COFUTURES_SEED=N chooses the moments.
std::uint64_t variable(const char* name, std::uint64_t usual)
{
    const char* text = std::getenv(name);
    return text == nullptr ? usual : std::strtoull(text, nullptr, 10);
}

std::vector<std::string> made_up_files(std::size_t count)
{
    std::vector<std::string> files;
    for (std::size_t i = 0; i < count; ++i) {
        std::mt19937_64 random(i);
        // Some are greater than the blocks in which files are written: only these leave parts.
        std::string content(i % 8 == 0 ? 300'000 + random() % 400'000 : 1 + random() % 20'000,
                            '\0');
        for (char& c : content) {
            c = static_cast<char>(random());
        }
        files.push_back(std::move(content));
    }
    return files;
}

class KilledGet : public testing::Test {
protected:
    KilledGet()
    {
        std::ofstream list(downloader.folder() / "list");
        for (std::size_t i = 0; i < files.size(); ++i) {
            list << server.url(i) << '\n';
        }
    }

    void start()
    {
        downloader.start(
            {"get", "-q", "-i", "list", "--resume", "-o", "out", "-j", "8", "--per-host", "8"});
    }

    // What has its final name; each of them must be whole.
    std::set<std::size_t> finished() const
    {
        std::set<std::size_t> numbers;
        if (!fs::exists(downloader.folder() / "out")) {
            return numbers;
        }
        for (const auto& each : fs::directory_iterator(downloader.folder() / "out")) {
            const std::string name = each.path().filename().string();
            if (name.starts_with('.')) {
                continue;
            }
            const std::size_t number = std::stoul(name);
            std::ifstream file(each.path(), std::ios::binary);
            EXPECT_TRUE(std::string(std::istreambuf_iterator<char>(file), {}) == files[number])
                << name;
            numbers.insert(number);
        }
        return numbers;
    }

    // How much of each file is there under the name that it has until it is whole.
    std::map<std::size_t, std::uint64_t> parts() const
    {
        std::map<std::size_t, std::uint64_t> sizes;
        for (std::size_t i = 0; i < files.size(); ++i) {
            const fs::path part = downloader.folder() / "out" / ("." + std::to_string(i) + ".part");
            if (fs::exists(part) && fs::exists(part.string() + "-info")) {
                sizes[i] = fs::file_size(part);
            }
        }
        return sizes;
    }

    // Asked for was nothing that was whole, and of the others only what was missing.
    void expect_nothing_fetched_twice(const std::set<std::size_t>& whole,
                                      const std::map<std::size_t, std::uint64_t>& begun)
    {
        for (const file_server::request& each : server.take_requests()) {
            EXPECT_EQ(whole.count(each.file), 0u) << each.file << " was there";
            const auto part = begun.find(each.file);
            std::uint64_t there = part == begun.end() ? 0 : part->second;
            if (there == files[each.file].size()) {
                --there; // of a part with all bytes the last one is asked for: is it still valid?
            }
            EXPECT_EQ(each.from, there) << each.file;
            resumed += there > 0;
        }
    }

    const bool at_length = std::getenv("COFUTURES_KILLS") != nullptr;
    const std::vector<std::string> files = made_up_files(at_length ? 500 : 48);
    file_server server{files};
    program downloader{DOWNLOADER};
    std::size_t resumed = 0;
};

TEST_F(KilledGet, IsCompletedByRunningItAgain)
{
    const std::uint64_t kills = variable("COFUTURES_KILLS", 12);
    const std::uint64_t seed = variable("COFUTURES_SEED", 1);
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    std::uint64_t total = 0;
    for (const std::string& each : files) {
        total += each.size();
    }

    std::set<std::size_t> whole;
    std::map<std::size_t, std::uint64_t> begun;
    for (std::uint64_t i = 0; i < kills && !HasFailure(); ++i) {
        start();
        server.wait_sent(random() % (total / 4));
        downloader.signal(SIGKILL);
        downloader.wait();
        expect_nothing_fetched_twice(whole, begun);
        whole = finished();
        begun = parts();
        if (whole.size() == files.size()) {
            fs::remove_all(downloader.folder() / "out");
            whole.clear();
        }
    }
    start();
    const program_result last = downloader.wait();

    EXPECT_EQ(last.status, 0) << last.err;
    expect_nothing_fetched_twice(whole, begun);
    EXPECT_GT(resumed, 0u);
    EXPECT_EQ(finished().size(), files.size());
    start();
    EXPECT_EQ(downloader.wait().status, 0);
    EXPECT_TRUE(server.take_requests().empty());
}

} // namespace
