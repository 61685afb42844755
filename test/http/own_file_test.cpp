// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "http/own_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <system_error>

#include <sys/stat.h>
#include <unistd.h>

namespace cofutures::http::detail {

namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

class HttpOwnFile : public testing::Test {
protected:
    HttpOwnFile() { fs::create_directory(folder); }
    ~HttpOwnFile() override { fs::remove_all(folder); }

    // What opening it says; nothing if it succeeds.
    static std::error_code opening(const fs::path& path, own_file how)
    {
        std::error_code ec;
        const int opened = open_own_file(path, how, ec);
        EXPECT_EQ(opened >= 0, !ec) << path;
        if (opened >= 0) {
            ::close(opened);
        }
        return ec;
    }

    const fs::path folder =
        fs::temp_directory_path() / ("cofutures_own_" + std::to_string(::getpid()) + "_" +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    const fs::path path = folder / "ours";
};

constexpr own_file all[] = {
    own_file::existing, own_file::continued, own_file::fresh, own_file::secret};

TEST_F(HttpOwnFile, IsMadeWhereThatIsWanted)
{
    EXPECT_EQ(opening(path, own_file::existing), std::errc::no_such_file_or_directory);
    for (const own_file how : {own_file::continued, own_file::fresh, own_file::secret}) {
        EXPECT_EQ(opening(path, how), std::error_code());
        EXPECT_EQ(opening(path, own_file::existing), std::error_code());
        fs::remove(path);
    }
    EXPECT_EQ(opening("/no/such/folder/ours", own_file::fresh),
              std::errc::no_such_file_or_directory);
}

TEST_F(HttpOwnFile, IsContinuedOrNewAsWanted)
{
    std::ofstream(path) << "there";
    EXPECT_EQ(opening(path, own_file::continued), std::error_code());
    EXPECT_EQ(opening(path, own_file::fresh), std::errc::file_exists);
    EXPECT_EQ(opening(path, own_file::secret), std::errc::file_exists);
    EXPECT_EQ(contents(path), "there");
}

TEST_F(HttpOwnFile, IsNoLink)
{
    std::ofstream(folder / "precious") << "keep me";
    fs::create_symlink(folder / "precious", path);
    for (const own_file how : all) {
        EXPECT_NE(opening(path, how), std::error_code());
    }
    fs::remove(path);
    fs::create_symlink(folder / "not yet", path);
    for (const own_file how : all) {
        EXPECT_NE(opening(path, how), std::error_code());
    }
    EXPECT_FALSE(fs::exists(folder / "not yet"));

    fs::remove(path);
    fs::create_hard_link(folder / "precious", path);
    for (const own_file how : all) {
        EXPECT_EQ(opening(path, how), std::errc::file_exists);
    }
    EXPECT_EQ(contents(folder / "precious"), "keep me");
}

TEST_F(HttpOwnFile, IsNoPipeAndNoFolderAndNobodyWaitsForThem)
{
    ASSERT_EQ(::mkfifo(path.c_str(), 0666), 0);
    for (const own_file how : all) {
        EXPECT_EQ(opening(path, how), std::errc::file_exists);
    }
    EXPECT_EQ(read_own_file(path, 100), std::nullopt);
    fs::remove(path);
    fs::create_directory(path);
    for (const own_file how : all) {
        EXPECT_NE(opening(path, how), std::error_code());
    }
    EXPECT_EQ(read_own_file(path, 100), std::nullopt);
}

TEST_F(HttpOwnFile, BelongsToThisUser)
{
    std::ofstream(path) << "of somebody else";
    if (::geteuid() != 0 || ::chown(path.c_str(), 65'534, 65'534) != 0) {
        GTEST_SKIP() << "only root can give a file away";
    }
    for (const own_file how : all) {
        EXPECT_EQ(opening(path, how), std::errc::file_exists);
    }
    EXPECT_EQ(read_own_file(path, 100), std::nullopt);
}

TEST_F(HttpOwnFile, IsReadUpToALimit)
{
    const std::string text(10'000, 'x');
    std::ofstream(path) << text;
    EXPECT_EQ(read_own_file(path, 10'000), text);
    EXPECT_EQ(read_own_file(path, 9'999), std::nullopt);
    std::ofstream(path, std::ios::trunc).flush();
    EXPECT_EQ(read_own_file(path, 0), "");
    EXPECT_EQ(read_own_file(folder / "none", 100), std::nullopt);
}

TEST_F(HttpOwnFile, IsReplacedWholeAndForNobodyElse)
{
    std::ofstream(path) << "old, and longer than what comes";
    fs::permissions(path, fs::perms::all);
    EXPECT_TRUE(replace_own_file(path, "new"));
    EXPECT_EQ(contents(path), "new");
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_FALSE(fs::exists(folder / "ours~"));

    EXPECT_FALSE(replace_own_file("/no/such/folder/ours", "new"));
    EXPECT_FALSE(replace_own_file(folder / "a/b", "new"));
}

TEST_F(HttpOwnFile, IsReplacedWhateverIsInTheWay)
{
    std::ofstream(folder / "precious") << "keep me";
    fs::create_symlink(folder / "precious", folder / "ours~");
    fs::create_symlink(folder / "precious", path);
    EXPECT_TRUE(replace_own_file(path, "one"));
    EXPECT_EQ(contents(path), "one");

    ASSERT_EQ(::mkfifo((folder / "ours~").c_str(), 0666), 0);
    EXPECT_TRUE(replace_own_file(path, "two"));
    EXPECT_EQ(contents(path), "two");

    std::ofstream(folder / "ours~") << "of a call that was killed";
    EXPECT_TRUE(replace_own_file(path, "three"));
    EXPECT_EQ(contents(path), "three");

    fs::create_directory(folder / "ours~");
    EXPECT_FALSE(replace_own_file(path, "four"));
    EXPECT_EQ(contents(path), "three");
    fs::remove(folder / "ours~");
    fs::remove(path);
    fs::create_directory(path);
    EXPECT_FALSE(replace_own_file(path, "five"));
    EXPECT_FALSE(fs::exists(folder / "ours~")) << "nothing is left of what failed";
    EXPECT_EQ(contents(folder / "precious"), "keep me");
}

} // namespace

} // namespace cofutures::http::detail
