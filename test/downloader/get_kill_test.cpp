// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "support/file_server.hpp"
#include "support/program.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

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

// Large enough to be split, and still under way a good while after that.
class KilledSegments : public testing::Test {
protected:
    KilledSegments() { fs::create_directory(downloader.folder() / "out"); }

    // So slowly that it is split long before the end.
    void start()
    {
        downloader.start({"get",
                          "-q",
                          "--resume",
                          "-o",
                          "out",
                          "--segments",
                          "4",
                          "--min-segment",
                          "100k",
                          "--limit-rate",
                          "6M",
                          server.url(0)});
    }

    // Kills it once the record has been written so many times, unless the file is there before.
    void start_and_kill(std::uint64_t after)
    {
        const int watch = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        ::inotify_add_watch(watch, (downloader.folder() / "out").c_str(), IN_MOVED_TO);
        start();
        bool heard = true;
        while (heard && after > 0) {
            pollfd waited{watch, POLLIN, 0};
            heard = ::poll(&waited, 1, 20'000) == 1;
            alignas(inotify_event) char events[4096];
            const ssize_t size = heard ? ::read(watch, events, sizeof events) : 0;
            for (ssize_t at = 0; at < size && after > 0;) {
                inotify_event each;
                std::memcpy(&each, events + at, sizeof each);
                after = std::string(events + at + sizeof each) == "0" ? 0 : after - 1;
                at += static_cast<ssize_t>(sizeof each + each.len);
            }
        }
        EXPECT_TRUE(heard);
        ::close(watch);
        downloader.signal(SIGKILL);
        downloader.wait();
    }

    fs::path file(const std::string& name) const { return downloader.folder() / "out" / name; }

    void expect_content() const
    {
        std::ifstream whole(file("0"), std::ios::binary);
        EXPECT_TRUE(std::string(std::istreambuf_iterator<char>(whole), {}) == content);
    }

    /// How many bytes are there for certain, as the record says.
    std::uint64_t recorded() const
    {
        std::ifstream record(file(".0.part-info"));
        std::string line;
        std::getline(record, line);
        if (line != "cofutures part 2") {
            return fs::exists(file(".0.part")) ? fs::file_size(file(".0.part")) : 0;
        }
        gaps_seen = true;
        for (int i = 0; i < 4; ++i) {
            std::getline(record, line);
        }
        std::uint64_t missing = 0;
        std::istringstream ranges(line);
        std::uint64_t first = 0;
        std::uint64_t last = 0;
        char between = 0;
        while (ranges >> first >> between >> last) {
            missing += last + 1 - first;
            ranges >> between;
        }
        return content.size() - missing;
    }

    const std::string content = [] {
        std::mt19937_64 random(3);
        std::string bytes(12'000'000, '\0');
        for (std::size_t i = 0; i < bytes.size(); i += 8) {
            const std::uint64_t word = random();
            std::memcpy(&bytes[i], &word, 8);
        }
        return bytes;
    }();
    file_server server{{content}};
    program downloader{DOWNLOADER};
    mutable bool gaps_seen = false;
};

TEST_F(KilledSegments, AreCompletedByRunningItAgain)
{
    const std::uint64_t kills = variable("COFUTURES_KILLS", 4);
    std::mt19937_64 random(variable("COFUTURES_SEED", 1));
    std::uint64_t there = 0;
    for (std::uint64_t i = 0; i < kills && !HasFailure(); ++i) {
        start_and_kill(1 + random() % 20);
        for (const file_server::request& each : server.take_requests()) {
            EXPECT_TRUE(each.from > 0 || there == 0) << "fetched anew";
        }
        if (fs::exists(file("0"))) {
            expect_content();
            fs::remove(file("0"));
            there = 0;
            continue;
        }
        if (!fs::exists(file(".0.part-info"))) { // killed at the last moment, or before the first
            there = 0;
            continue;
        }
        EXPECT_GE(recorded(), there) << "what was there is still there";
        there = recorded();
    }
    start();
    const program_result last = downloader.wait();

    EXPECT_EQ(last.status, 0) << last.err;
    expect_content();
    EXPECT_FALSE(fs::exists(file(".0.part-info")));
    EXPECT_FALSE(fs::exists(file(".0.part")));
    EXPECT_TRUE(gaps_seen);
}

} // namespace
