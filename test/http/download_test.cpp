// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/error.hpp>

#include "download_support.hpp"
#include "support/closed_standard_descriptors.hpp"

#include <csignal>
#include <optional>
#include <string>

#include <sys/resource.h>

namespace cofutures::http {

namespace {

class HttpDownload : public download_test {};

TEST_F(HttpDownload, AppearsUnderItsNameWhenComplete)
{
    auto connection = start("flag.png");
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
    EXPECT_FALSE(fs::exists(folder / "flag.png"));
    connection.write("llo");

    const download_result& got = call.result(watchdog);
    EXPECT_TRUE(got.ok());
    EXPECT_EQ(got.path, folder / "flag.png");
    EXPECT_EQ(got.size, 5u);
    EXPECT_EQ(contents(folder / "flag.png"), "hello");
    EXPECT_EQ(files(), 1u);
}

TEST_F(HttpDownload, StoresAnEmptyBodyAsAnEmptyFile)
{
    auto connection = start("empty");
    connection.write_ok("");

    EXPECT_EQ(call.result(watchdog).size, 0u);
    EXPECT_TRUE(fs::exists(folder / "empty"));
}

TEST_F(HttpDownload, StreamsABodyThatIsLargerThanItsBuffers)
{
    std::string body;
    for (int i = 0; body.size() < 3'000'000; ++i) {
        body += std::to_string(i) + "\n";
    }
    auto connection = start("large");
    connection.write_ok(body);

    EXPECT_EQ(call.result(watchdog).size, body.size());
    EXPECT_EQ(contents(folder / "large"), body);
}

TEST_F(HttpDownload, LeavesNothingWhenTheBodyIsCutOff)
{
    auto connection = start("flag.png");
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" +
                     std::string(900'000, 'x'));
    connection.close();

    EXPECT_EQ(failure().code(), errc::body_truncated);
    EXPECT_EQ(files(), 0u);
}

TEST_F(HttpDownload, KeepsTheOldFileWhenTheNewOneFails)
{
    std::ofstream(folder / "flag.png") << "old";
    auto connection = start("flag.png");
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nnew");
    connection.reset();

    failure();
    EXPECT_EQ(contents(folder / "flag.png"), "old");
    EXPECT_EQ(files(), 1u);
}

TEST_F(HttpDownload, ReplacesTheOldFileWhenComplete)
{
    std::ofstream(folder / "flag.png") << "old and longer";
    auto connection = start("flag.png");
    connection.write_ok("new");

    call.result(watchdog);
    EXPECT_EQ(contents(folder / "flag.png"), "new");
}

TEST_F(HttpDownload, StoresNothingForAnErrorStatus)
{
    auto connection = start("flag.png");
    connection.write("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone");

    EXPECT_EQ(call.result(watchdog).status, 404);
    EXPECT_TRUE(call.result().path.empty());
    EXPECT_EQ(files(), 0u);
}

TEST_F(HttpDownload, RefusesAPartThatNobodyAskedFor)
{
    auto connection = start("flag.png");
    connection.write("HTTP/1.1 206 Partial Content\r\nContent-Length: 2\r\n\r\nhe");

    EXPECT_EQ(failure().code(), errc::bad_response);
    EXPECT_EQ(files(), 0u);
}

TEST_F(HttpDownload, NamesTheFileThatCannotBeWritten)
{
    std::ofstream(folder / "file") << "in the way";
    auto connection = start("file/flag.png");
    connection.write_ok("hello");

    const request_error error = failure();
    EXPECT_EQ(error.code(), std::errc::not_a_directory);
    EXPECT_EQ(error.path(), folder / "file/flag.png");
    EXPECT_EQ(error.reason(),
              "cannot create '" + (folder / "file/flag.png").string() + "': Not a directory");
    EXPECT_FALSE(is_retryable(error.code()));
}

TEST_F(HttpDownload, NeverReplacesAFolder)
{
    fs::create_directory(folder / "flag.png");
    auto connection = start("flag.png");
    connection.write_ok("hello");

    EXPECT_EQ(failure().code(), std::errc::is_a_directory);
    EXPECT_EQ(files(), 1u);
}

TEST_F(HttpDownload, RefusesAnEmptyPath)
{
    call = client_.download(server.url("/x"), "");

    EXPECT_EQ(failure().code(), std::errc::invalid_argument);
}

// A limit on the size of files stands in for a full disk.
TEST_F(HttpDownload, ReportsADiskThatTakesNoMore)
{
    const auto usual = std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    const rlimit small{10, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);

    auto connection = start("flag.png");
    connection.write_ok("longer than ten bytes");
    const request_error error = failure();
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, usual);

    EXPECT_EQ(error.code(), std::errc::file_too_large);
    EXPECT_TRUE(error.reason().starts_with("cannot write '")) << error.reason();
    EXPECT_EQ(files(), 0u);
}

TEST_F(HttpDownload, LeavesNothingWhenStopped)
{
    auto connection = start("flag.png");
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" +
                     std::string(600'000, 'x'));
    call.request_stop();

    connection.expect_closed();
    EXPECT_THROW(call.result(watchdog), cancelled_error);
    EXPECT_EQ(files(), 0u);
}

TEST_F(HttpDownload, LeavesClosedStandardDescriptorsAlone)
{
    for (const bool from_the_start : {true, false}) {
        bool unusable = false;
        {
            const test::closed_standard_descriptors closed;
            std::optional<client> own;
            if (from_the_start) {
                own.emplace();
            }
            call = (own ? *own : client_)
                       .download(server.url("/x"), folder / "x", {.file = {.resume = true}});
            auto connection = server.accept();
            connection.read_request();
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhe");
            wait_for_file(".x.part", 2);
            unusable = test::standard_descriptors_are_unusable();
            connection.write("re");
            call.result(watchdog);
        }
        EXPECT_TRUE(unusable) << (from_the_start ? "closed at the start" : "closed later");
        EXPECT_EQ(contents(folder / "x"), "here");
    }
}

} // namespace

} // namespace cofutures::http
