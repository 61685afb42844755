// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/http/error.hpp>

#include "get/checksum_list.hpp"
#include "get/input_file.hpp"
#include "get/input_list.hpp"
#include "get/target_name.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <unistd.h>

namespace downloader {

namespace {

std::vector<numbered_line> lines_of(const std::vector<std::string>& blocks)
{
    line_splitter splitter;
    std::vector<numbered_line> lines;
    const auto take = [&] {
        while (std::optional<numbered_line> line = splitter.next()) {
            lines.push_back(std::move(*line));
        }
    };
    for (const std::string& block : blocks) {
        splitter.feed(block);
        take();
    }
    splitter.finish();
    take();
    return lines;
}

std::string problem_with(const list_entry& entry)
{
    try {
        return "accepted as " + target_name(entry);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
}

TEST(InputList, ReadsUrlNameAndChecksum)
{
    EXPECT_EQ(parse_list_line("http://h/a"), (list_entry{"http://h/a", "", ""}));
    EXPECT_EQ(parse_list_line("http://h/a b"), (list_entry{"http://h/a", "b", ""}));
    EXPECT_EQ(parse_list_line(" \thttp://h/a \t b\t"), (list_entry{"http://h/a", "b", ""}));
    EXPECT_EQ(parse_list_line("http://h/a b c:d"), (list_entry{"http://h/a", "b", "c:d"}));
    EXPECT_EQ(parse_list_line("http://h/a - c:d"), (list_entry{"http://h/a", "", "c:d"}));
}

TEST(InputList, SkipsBlankLinesAndComments)
{
    for (const char* line : {"", "  \t", "# http://h/a", "  # x", "#"}) {
        EXPECT_EQ(parse_list_line(line), std::nullopt) << line;
    }
    EXPECT_EQ(parse_list_line("http://h/a#part"), (list_entry{"http://h/a#part", "", ""}));
}

TEST(InputList, RefusesMoreThanItUnderstands)
{
    EXPECT_THROW(parse_list_line("http://h/a my own holiday.jpg"), std::invalid_argument);
}

TEST(InputList, CutsLinesWhereverTheBlocksEnd)
{
    const std::string text = "one\ntwo\r\n\nlast";
    const std::vector<numbered_line> expected = {{1, "one"}, {2, "two"}, {3, ""}, {4, "last"}};
    for (std::size_t size = 1; size <= text.size(); ++size) {
        std::vector<std::string> blocks;
        for (std::size_t at = 0; at < text.size(); at += size) {
            blocks.push_back(text.substr(at, size));
        }
        EXPECT_EQ(lines_of(blocks), expected) << "blocks of " << size;
    }
    EXPECT_EQ(lines_of({"one\n"}), (std::vector<numbered_line>{{1, "one"}}));
    EXPECT_TRUE(lines_of({}).empty());
}

TEST(InputList, DropsALineWithoutEndAndGoesOnBehindIt)
{
    const std::string block(line_splitter::longest_line, 'x');
    const std::vector<numbered_line> lines = lines_of({"a\n", block, block, block, "\nb\n"});

    EXPECT_EQ(lines, (std::vector<numbered_line>{{1, "a"}, {2, "", true}, {3, "b"}}));
    EXPECT_EQ(lines_of({block, block}), (std::vector<numbered_line>{{1, "", true}}));
    EXPECT_EQ(lines_of({block}), (std::vector<numbered_line>{{1, block}}));
}

TEST(InputList, CountsWhatItGaveOut)
{
    line_splitter splitter;
    splitter.feed("one\ntwo\nthr");
    splitter.next();
    EXPECT_EQ(splitter.consumed(), 4u);
    splitter.next();
    splitter.feed("ee\n");
    splitter.next();
    EXPECT_EQ(splitter.consumed(), 14u);
}

TEST(TargetName, ComesFromTheUrlUnlessGiven)
{
    EXPECT_EQ(target_name({"http://h/a/b.txt?x=/y#z", "", {}}), "b.txt");
    EXPECT_EQ(target_name({"http://h/a%20b", "", {}}), "a b");
    EXPECT_EQ(target_name({"http://h/a", "b", {}}), "b");
    EXPECT_EQ(target_name({"http://h/a", "b/c/d", {}}), "b/c/d");
    EXPECT_EQ(target_name({"http://h", "", {}}), "index.html");
    EXPECT_EQ(target_name({"http://h/a/", "", {}}), "index.html");
}

TEST(TargetName, StaysBelowTheFolder)
{
    EXPECT_EQ(target_name({"http://h/..%2f..%2fetc%2fpasswd", "", {}}), ".._.._etc_passwd");
    EXPECT_EQ(target_name({"http://h/a/%2e%2e", "", {}}), "index.html");
    for (const char* name : {"/etc/passwd",
                             "..",
                             "../a",
                             "a/../b",
                             "a/..",
                             "./a",
                             "a//b",
                             "a/",
                             "a\\b",
                             "a\x1b[2J",
                             "a\n"}) {
        EXPECT_FALSE(problem_with({"http://h/a", name, {}}).starts_with("accepted")) << name;
    }
    EXPECT_EQ(problem_with({"http://h/a", "a/../b", {}}),
              "the name 'a/../b' is not one below the output folder: no part of it may be '..'");
}

TEST(TargetName, NeedsAUrl)
{
    EXPECT_THROW(target_name({"index.html", "a", {}}), cofutures::http::request_error);
    EXPECT_THROW(target_name({"ftp://h/a", "", {}}), cofutures::http::request_error);
}

TEST(ChecksumList, FindsNamesInBothForms)
{
    const std::string md5 = "9dd4e461268c8034f5c8564e155c67a6";
    const std::string sha1 = "a9993e364706816aba3e25717850c26c9cd0d89d";
    const checksum_list list("# made by hand\r\n" + md5 + "  a b\r\n" + sha1 + " *./sub/c\n" +
                             "SHA384 (d) = 00\nSHA1 (d) = " + sha1 + "\n" + md5 + "  d\n" + md5 +
                             "  e (1) = f");

    EXPECT_EQ(list.find("a b")->digits(), md5);
    EXPECT_EQ(list.find("sub/c")->digits(), sha1);
    EXPECT_EQ(list.find("d")->digits(), sha1); // the first one holds
    for (const char* name : {"", "a", "made by hand", "c", "f"}) {
        EXPECT_EQ(list.find(name), std::nullopt) << name;
    }
}

TEST(RecentNames, FindTheEarlierUser)
{
    recent_names names;
    EXPECT_EQ(names.note("a", 1), std::nullopt);
    EXPECT_EQ(names.note("b", 2), std::nullopt);
    EXPECT_EQ(names.note("a", 3), 1u);
    EXPECT_EQ(names.note("a", 4), 1u);
}

TEST(RecentNames, ForgetTheOldest)
{
    recent_names names(2);
    names.note("a", 1);
    names.note("b", 2);
    names.note("c", 3);
    EXPECT_EQ(names.note("c", 4), 3u);
    EXPECT_EQ(names.note("b", 5), 2u);
    EXPECT_EQ(names.note("a", 6), std::nullopt);
}

TEST(InputFile, IsReadInBlocksAndKnowsItsSize)
{
    const std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("cofutures_input_" + std::to_string(::getpid()));
    const std::string content(100'000, 'x');
    std::ofstream(path) << content;
    input_file file(path.string());
    EXPECT_EQ(file.size(), 100'000u);

    std::string all;
    for (std::string block = file.read_block(); !block.empty(); block = file.read_block()) {
        EXPECT_LE(block.size(), 64u * 1024);
        all += block;
    }
    EXPECT_EQ(all, content);
    std::filesystem::remove(path);
}

TEST(InputFile, SendsAReaderAwayFromAPipeThatSaysNothing)
{
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    input_file file("/dev/fd/" + std::to_string(ends[0]));
    EXPECT_EQ(file.size(), std::nullopt);
    std::string block = "not read";
    std::thread reader([&] { block = file.read_block(); });
    file.stop();
    reader.join();

    EXPECT_EQ(block, "");
    EXPECT_EQ(file.read_block(), "");
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST(InputFile, NamesWhatCannotBeRead)
{
    for (const auto& [path, expected] :
         {std::pair("no/such/list", "cannot open 'no/such/list': No such file or directory"),
          std::pair("/", "cannot read '/': Is a directory")}) {
        try {
            input_file file(path);
            ADD_FAILURE() << path;
        } catch (const std::system_error& error) {
            EXPECT_STREQ(error.what(), expected);
        }
    }
}

} // namespace

} // namespace downloader
