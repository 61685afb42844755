// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "download_support.hpp"

#include <chrono>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>

namespace cofutures::http {

namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

const std::string noon = "Wed, 01 Jul 2026 12:00:00 GMT";
const std::chrono::sys_seconds noon_time =
    sys_days(std::chrono::year(2026) / std::chrono::July / 1) + 12h;

class HttpFileOptions : public download_test {
protected:
    void write_old(std::chrono::sys_seconds time)
    {
        std::ofstream(folder / "x") << "old";
        const timespec times[2] = {{0, UTIME_OMIT}, {time.time_since_epoch().count(), 0}};
        ASSERT_EQ(::utimensat(AT_FDCWD, (folder / "x").c_str(), times, 0), 0);
    }

    std::chrono::sys_seconds time_of(const std::string& name) const
    {
        struct stat status {};
        ::stat((folder / name).c_str(), &status);
        return std::chrono::sys_seconds(std::chrono::seconds(status.st_mtim.tv_sec));
    }

    static request_options with(file_options::existing existing)
    {
        return {.file = {.if_exists = existing}};
    }
};

TEST_F(HttpFileOptions, CompareTheChecksum)
{
    const request_options options{
        .file = {.checksum = checksum(
                     "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")}};
    {
        auto connection = start("x", options);
        connection.write_ok("hello");
        EXPECT_EQ(call.result(watchdog).path, folder / "x");
    }
    auto connection = start("y", options);
    connection.write_ok("jello");

    const request_error error = failure();
    EXPECT_EQ(error.code(), errc::checksum_mismatch);
    EXPECT_NE(error.reason().find("expected 2cf24dba"), std::string::npos) << error.reason();
    EXPECT_FALSE(is_retryable(error.code()));
    EXPECT_EQ(files(), 1u);
}

TEST_F(HttpFileOptions, KeepAFileThatIsThereWithoutAsking)
{
    write_old(noon_time);
    call = client_.download(server.url("/x"), folder / "x", with(file_options::existing::keep));

    EXPECT_TRUE(call.result(watchdog).kept);
    EXPECT_EQ(call.result().status, 0);
    EXPECT_EQ(call.result().path, folder / "x");
    EXPECT_EQ(call.result().size, 3u);
    EXPECT_EQ(contents(folder / "x"), "old");
    EXPECT_EQ(client_.stats().connections_opened, 0u);
}

TEST_F(HttpFileOptions, KeepAFileThatAppearsMeanwhile)
{
    auto connection = start("x", with(file_options::existing::keep));
    write_old(noon_time);
    connection.write_ok("newer");

    EXPECT_TRUE(call.result(watchdog).kept);
    EXPECT_EQ(call.result().size, 3u);
    EXPECT_EQ(contents(folder / "x"), "old");
    EXPECT_EQ(files(), 1u);
}

TEST_F(HttpFileOptions, RefuseToReplaceAFile)
{
    auto connection = start("x", with(file_options::existing::refuse));
    std::ofstream(folder / "x") << "old";
    connection.write_ok("new");

    const request_error error = failure();
    EXPECT_EQ(error.code(), std::errc::file_exists);
    EXPECT_EQ(error.path(), folder / "x");
    EXPECT_EQ(contents(folder / "x"), "old");
    EXPECT_EQ(files(), 1u);
}

TEST_F(HttpFileOptions, TakeAFolderForNoFile)
{
    std::filesystem::create_directory(folder / "x");
    for (const auto existing : {file_options::existing::keep, file_options::existing::if_newer}) {
        call = client_.download(server.url("/x"), folder / "x", with(existing));

        EXPECT_EQ(failure().code(), std::errc::is_a_directory);
        EXPECT_EQ(failure().path(), folder / "x");
    }
    EXPECT_EQ(client_.stats().connections_opened, 0u);
}

TEST_F(HttpFileOptions, StoreAFileThatIsNotThere)
{
    for (const auto existing : {file_options::existing::keep, file_options::existing::if_newer}) {
        auto connection = start("x", with(existing));
        EXPECT_EQ(request.find("If-Modified-Since"), std::string::npos);
        connection.write_ok("hello", "Connection: close\r\n");
        EXPECT_FALSE(call.result(watchdog).kept);
        EXPECT_EQ(contents(folder / "x"), "hello");
        fs::remove(folder / "x");
    }
}

TEST_F(HttpFileOptions, AskForANewerFileOnly)
{
    write_old(noon_time);
    {
        auto connection = start("x", with(file_options::existing::if_newer));
        EXPECT_TRUE(asked("If-Modified-Since: " + noon)) << request;
        connection.write("HTTP/1.1 304 Not Modified\r\n\r\n");
        EXPECT_TRUE(call.result(watchdog).kept);
        EXPECT_EQ(call.result().status, 304);
        EXPECT_EQ(call.result().path, folder / "x");
        EXPECT_EQ(call.result().size, 3u);
    }
    // A server that does not know the question.
    auto ignorant = start("x", with(file_options::existing::if_newer));
    ignorant.write_ok("the same", "Last-Modified: " + noon + "\r\n");
    EXPECT_TRUE(call.result(watchdog).kept);
    EXPECT_EQ(contents(folder / "x"), "old");
}

TEST_F(HttpFileOptions, ReplaceAnOlderFileAndRememberTheTimeOfTheNew)
{
    write_old(noon_time - 1s);
    auto connection = start("x", with(file_options::existing::if_newer));
    connection.write_ok("new", "Last-Modified: " + noon + "\r\n");

    EXPECT_FALSE(call.result(watchdog).kept);
    EXPECT_EQ(contents(folder / "x"), "new");
    EXPECT_EQ(time_of("x"), noon_time);
}

TEST_F(HttpFileOptions, SetTheTimeOnRequest)
{
    {
        auto connection = start("x", {.file = {.set_time = true}});
        connection.write_ok("x", "Last-Modified: " + noon + "\r\nConnection: close\r\n");
        call.result(watchdog);
        EXPECT_EQ(time_of("x"), noon_time);
    }
    auto connection = start("y");
    connection.write_ok("y", "Last-Modified: " + noon + "\r\n");
    call.result(watchdog);
    EXPECT_NE(time_of("y"), noon_time);
}

TEST_F(HttpFileOptions, ForceTheFileToTheDisk)
{
    auto connection = start("x", {.file = {.sync = true}});
    connection.write_ok("hello");
    EXPECT_EQ(call.result(watchdog).path, folder / "x");
    EXPECT_EQ(contents(folder / "x"), "hello");
}

TEST_F(HttpFileOptions, NoticeBeforehandThatTheDiskIsTooSmall)
{
    auto connection = start("x");
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1152921504606846976\r\n\r\nsome");

    const request_error error = failure();
    EXPECT_EQ(error.code(), std::errc::no_space_on_device);
    EXPECT_EQ(error.path(), folder / "x");
    EXPECT_EQ(files(), 0u);
}

TEST_F(HttpFileOptions, CopeWithTheLongestName)
{
    const std::string name(255, 'n');
    const std::string other = std::string(254, 'n') + "m";
    auto first = start(name, {.file = {.resume = true}});
    first.write("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 10\r\n\r\n01234");
    first.close();
    failure();
    auto second = start(other, {.file = {.resume = true}});
    EXPECT_EQ(request.find("Range"), std::string::npos) << "another file's part";
    second.write_ok("other");
    EXPECT_EQ(call.result(watchdog).path, folder / other);
    EXPECT_EQ(files(), 3u);
}

} // namespace

} // namespace cofutures::http
