// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/error.hpp>

#include "download_support.hpp"

#include <chrono>
#include <fstream>
#include <string>

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cofutures::http {

namespace {

using namespace std::chrono_literals;

const std::string whole = "0123456789";

class HttpResume : public download_test {
protected:
    static request_options resuming() { return {.file = {.resume = true}}; }

    // Leaves the first half, as a download does whose connection is cut.
    void leave_half(const std::string& fields = "ETag: \"v1\"\r\n")
    {
        auto connection = start("x", resuming());
        connection.write("HTTP/1.1 200 OK\r\n" + fields + "Content-Length: 10\r\n\r\n01234");
        connection.close();
        EXPECT_EQ(failure().code(), errc::body_truncated);
        EXPECT_FALSE(fs::exists(folder / "x"));
    }

    static std::string rest(const std::string& range,
                            const std::string& body,
                            const std::string& fields = "ETag: \"v1\"\r\n")
    {
        return "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " + range + "\r\n" + fields +
               "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }

    void expect_whole()
    {
        EXPECT_EQ(call.result(watchdog).size, 10u);
        EXPECT_EQ(call.result().path, folder / "x");
        EXPECT_EQ(contents(folder / "x"), whole);
        EXPECT_EQ(files(), 1u) << "nothing is left beside the file";
    }
};

TEST_F(HttpResume, FetchesTheRestOnly)
{
    leave_half();
    EXPECT_EQ(contents(folder / ".x.part"), "01234");

    auto connection = start("x", resuming());
    EXPECT_TRUE(asked("Range: bytes=5-")) << request;
    EXPECT_TRUE(asked("If-Range: \"v1\"")) << request;
    EXPECT_EQ(request.find("Accept-Encoding"), std::string::npos) << request;
    connection.write(rest("5-9/10", "56789"));

    expect_whole();
    EXPECT_EQ(call.result().status, 206);
    EXPECT_EQ(call.result().resumed_at, 5u);
}

TEST_F(HttpResume, TakesADateForAValidatorIfItIsOldEnough)
{
    leave_half("Last-Modified: Wed, 01 Jul 2026 12:00:00 GMT\r\n"
               "Date: Wed, 01 Jul 2026 13:00:00 GMT\r\n");

    auto connection = start("x", resuming());
    EXPECT_TRUE(asked("If-Range: Wed, 01 Jul 2026 12:00:00 GMT")) << request;
    connection.write(rest("5-9/10", "56789", ""));

    expect_whole();
}

TEST_F(HttpResume, KeepsNothingThatItCouldNotContinue)
{
    for (const char* fields :
         {"", "ETag: W/\"v1\"\r\n", "Last-Modified: Wed, 01 Jul 2026 12:00:00 GMT\r\n"}) {
        leave_half(fields);
        EXPECT_EQ(files(), 0u) << fields;
    }
    auto connection = start("x", resuming());
    EXPECT_EQ(request.find("Range"), std::string::npos) << request;
    connection.write_ok(whole);
    expect_whole();
}

TEST_F(HttpResume, KeepsNothingOfABodyWithoutALength)
{
    auto connection = start("x", resuming());
    connection.write("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "5\r\n01234\r\n");
    connection.close();
    failure();
    EXPECT_EQ(files(), 0u);
}

TEST_F(HttpResume, StartsOverWhereTheServerSendsTheWhole)
{
    leave_half();
    auto connection = start("x", resuming());
    connection.write_ok("a new one", "ETag: \"v2\"\r\n");

    EXPECT_EQ(call.result(watchdog).size, 9u);
    EXPECT_EQ(call.result().resumed_at, 0u);
    EXPECT_EQ(contents(folder / "x"), "a new one");
    EXPECT_EQ(files(), 1u);
}

// Servers that do not know If-Range, or count otherwise, must not be believed.
TEST_F(HttpResume, AsksForTheWholeWhereTheRestDoesNotFit)
{
    const std::string misfits[] = {
        rest("5-9/10", "56789", "ETag: \"v2\"\r\n"),
        rest("4-9/10", "456789"),
        rest("5-8/10", "5678"),
        rest("5-10/11", "56789a"),
        "HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\n\r\n56789",
        "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */3\r\n"
        "Content-Length: 0\r\n\r\n",
    };
    for (const std::string& misfit : misfits) {
        SCOPED_TRACE(misfit);
        leave_half();
        {
            auto connection = start("x", resuming());
            EXPECT_TRUE(asked("Range: bytes=5-"));
            connection.write(misfit);
        }
        auto second = server.accept();
        EXPECT_EQ(second.read_request().find("Range"), std::string::npos);
        second.write_ok(whole);
        expect_whole();
        fs::remove(folder / "x");
    }
}

TEST_F(HttpResume, TakesNoRestOfAnotherLengthThanItSays)
{
    for (const char* body : {"", "56", "56789abc"}) {
        leave_half();
        auto connection = start("x", resuming());
        connection.write(rest("5-9/10", body));
        auto second = server.accept();
        EXPECT_EQ(second.read_request().find("Range"), std::string::npos) << body;
        second.write_ok(whole);
        expect_whole();
        EXPECT_EQ(call.result().resumed_at, 0u) << body;
        fs::remove(folder / "x");
    }
}

TEST_F(HttpResume, LeavesThePartWhereTheServerHasAnError)
{
    leave_half();
    {
        auto connection = start("x", resuming());
        connection.write("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
        EXPECT_EQ(call.result(watchdog).status, 503);
        EXPECT_TRUE(call.result().path.empty());
    }
    EXPECT_EQ(contents(folder / ".x.part"), "01234");
}

TEST_F(HttpResume, ContinuesWhereTheSecondTryEndedToo)
{
    leave_half();
    {
        auto connection = start("x", resuming());
        connection.write("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 5-9/10\r\n"
                         "ETag: \"v1\"\r\nContent-Length: 5\r\n\r\n567");
        connection.close();
        failure();
    }
    auto connection = start("x", resuming());
    EXPECT_TRUE(asked("Range: bytes=8-")) << request;
    connection.write(rest("8-9/10", "89"));
    expect_whole();
}

TEST_F(HttpResume, AsksForTheLastByteAgainWhereAllIsThere)
{
    leave_half();
    std::ofstream(folder / ".x.part") << whole; // a process that died before it could rename
    auto connection = start("x", resuming());
    EXPECT_TRUE(asked("Range: bytes=9-")) << request;
    connection.write(rest("9-9/10", "9"));
    expect_whole();
}

TEST_F(HttpResume, TrustsNoPartThatDoesNotBelong)
{
    leave_half();
    std::ofstream(folder / ".x.part") << whole + "longer than the record says";
    {
        auto connection = start("x", resuming());
        EXPECT_EQ(request.find("Range"), std::string::npos) << request;
        connection.write_ok(whole);
        expect_whole();
    }
    fs::remove(folder / "x");

    leave_half();
    call = client_.download(server.url("/other"), folder / "x", resuming());
    auto other = server.accept();
    EXPECT_EQ(other.read_request().find("Range"), std::string::npos);
    other.write_ok(whole, "Connection: close\r\n");
    expect_whole();
    fs::remove(folder / "x");

    leave_half();
    fs::remove(folder / ".x.part-info");
    auto connection = start("x", resuming());
    EXPECT_EQ(request.find("Range"), std::string::npos) << request;
    connection.write_ok(whole);
    expect_whole();
}

TEST_F(HttpResume, KeepsThePartWhenStopped)
{
    auto connection = start("x", resuming());
    const std::string block(600'000, 'x');
    connection.write("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 1000000\r\n\r\n" + block);
    wait_for_file(".x.part", 250'000);
    call.request_stop();
    EXPECT_THROW(call.result(watchdog), cancelled_error);
    EXPECT_FALSE(fs::exists(folder / "x"));
    EXPECT_GE(fs::file_size(folder / ".x.part"), 250'000u);
}

// A kill between the two would else leave a record beside a complete file, for ever.
TEST_F(HttpResume, RemovesTheRecordBeforeThePartGetsItsName)
{
    const int watch = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    ::inotify_add_watch(watch, folder.c_str(), IN_DELETE | IN_MOVED_FROM);
    auto connection = start("x", resuming());
    connection.write_ok(whole, "ETag: \"v1\"\r\n");
    expect_whole();

    std::string gone;
    alignas(inotify_event) char events[4096];
    const ssize_t size = ::read(watch, events, sizeof events);
    for (ssize_t at = 0; at < size;) {
        const auto* const event = reinterpret_cast<const inotify_event*>(events + at);
        gone += std::string(event->name) + " ";
        at += static_cast<ssize_t>(sizeof *event + event->len);
    }
    ::close(watch);
    EXPECT_TRUE(gone.ends_with(".x.part-info .x.part ")) << gone;
}

TEST_F(HttpResume, WritesOverAPartWithoutARecord)
{
    std::ofstream(folder / ".x.part") << whole << " and more";
    auto connection = start("x", resuming());
    EXPECT_EQ(request.find("Range"), std::string::npos) << request;
    connection.write_ok(whole);
    expect_whole();
}

TEST_F(HttpResume, KeepsThePartThatCannotGetItsName)
{
    {
        auto connection = start("x", resuming());
        fs::create_directory(folder / "x");
        connection.write_ok(whole, "ETag: \"v1\"\r\n");
        EXPECT_EQ(failure().code(), std::errc::is_a_directory);
    }
    fs::remove(folder / "x");
    auto connection = start("x", resuming());
    EXPECT_TRUE(asked("Range: bytes=9-")) << request;
    connection.write(rest("9-9/10", "9"));
    expect_whole();
}

TEST_F(HttpResume, LetsOneWriterAtATimeHaveThePart)
{
    auto connection = start("x", resuming());
    connection.write("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 10\r\n\r\n01234");
    wait_for_file(".x.part-info", 1);
    auto second = client_.download(server.url("/x"), folder / "x", resuming());
    try {
        second.result(watchdog);
        FAIL() << "two at once";
    } catch (const request_error& error) {
        EXPECT_EQ(error.code(), std::errc::resource_unavailable_try_again);
        EXPECT_EQ(error.path(), folder / "x");
    }
    connection.write("56789");
    expect_whole();
}

TEST_F(HttpResume, FollowsNoLinkInPlaceOfThePart)
{
    std::ofstream(folder / "precious") << "keep me";
    fs::create_symlink(folder / "precious", folder / ".x.part");
    auto connection = start("x", resuming());
    connection.write_ok(whole);
    failure();
    EXPECT_EQ(contents(folder / "precious"), "keep me");
}

// In a folder that others can write to, they may have put something in the way.
TEST_F(HttpResume, FollowsNoLinkInPlaceOfTheRecord)
{
    std::ofstream(folder / "precious") << "keep me";
    for (const char* name : {".x.part-info~", ".x.part-info"}) {
        fs::create_symlink(folder / "precious", folder / name);
        {
            auto connection = start("x", resuming());
            EXPECT_EQ(request.find("Range"), std::string::npos) << request;
            connection.write("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 10\r\n\r\n01234");
            connection.close();
            EXPECT_EQ(failure().code(), errc::body_truncated);
        }
        EXPECT_EQ(contents(folder / "precious"), "keep me") << name;
        EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(folder / ".x.part-info"))) << name;

        auto connection = start("x", resuming());
        EXPECT_TRUE(asked("Range: bytes=5-")) << request;
        connection.write(rest("5-9/10", "56789"));
        EXPECT_EQ(call.result(watchdog).size, 10u);
        EXPECT_EQ(contents(folder / "x"), whole);
        EXPECT_EQ(contents(folder / "precious"), "keep me") << name;
        EXPECT_EQ(files(), 2u) << "nothing but these";
        fs::remove(folder / "x");
    }
}

TEST_F(HttpResume, BelievesNoRecordBehindALink)
{
    leave_half();
    fs::rename(folder / ".x.part-info", folder / "planted");
    fs::create_symlink(folder / "planted", folder / ".x.part-info");
    auto connection = start("x", resuming());
    EXPECT_EQ(request.find("Range"), std::string::npos) << request;
    connection.write_ok(whole);
    EXPECT_EQ(call.result(watchdog).size, 10u);
    EXPECT_EQ(contents(folder / "x"), whole);
}

// Else the thread for files would wait for a writer or a reader, and no limit ends that.
TEST_F(HttpResume, WaitsForNoPipeInPlaceOfTheRecordOrThePart)
{
    for (const char* name : {".x.part-info~", ".x.part-info"}) {
        ASSERT_EQ(::mkfifo((folder / name).c_str(), 0666), 0);
        auto connection = start("x", resuming());
        connection.write_ok(whole, "ETag: \"v1\"\r\nConnection: close\r\n");
        expect_whole();
        fs::remove(folder / "x");
    }
    ASSERT_EQ(::mkfifo((folder / ".x.part").c_str(), 0666), 0);
    auto connection = start("x", resuming());
    connection.write_ok(whole, "ETag: \"v1\"\r\n");
    EXPECT_EQ(failure().code(), std::errc::operation_not_permitted);
}

TEST_F(HttpResume, ShowsTheRecordToNobodyElse)
{
    leave_half();
    EXPECT_EQ(fs::status(folder / ".x.part-info").permissions(),
              fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(HttpResume, GoesOnWithinACallThatIsTriedAgain)
{
    const request_options patient{.retries = retry_policy{.max_tries = 3, .first_delay = 0ms}};
    {
        auto connection = start("x", patient);
        connection.write("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 10\r\n\r\n01234");
        connection.close();
    }
    {
        auto busy = server.accept();
        EXPECT_NE(busy.read_request().find("\r\nRange: bytes=5-\r\n"), std::string::npos);
        busy.write("HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n"
                   "Connection: close\r\n\r\n");
    }
    auto connection = server.accept();
    EXPECT_NE(connection.read_request().find("\r\nRange: bytes=5-\r\n"), std::string::npos);
    connection.write(rest("5-9/10", "56789"));

    expect_whole();
    EXPECT_EQ(call.result().tries, 3u);
}

TEST_F(HttpResume, ChecksTheSumOfBothHalves)
{
    const checksum right("md5:781e5e245d69b566979b86e28d23f2c7"); // of 0123456789
    leave_half();
    {
        auto connection = start("x", {.file = {.resume = true, .checksum = right}});
        connection.write(rest("5-9/10", "56789"));
        expect_whole();
    }
    fs::remove(folder / "x");

    leave_half();
    std::ofstream(folder / ".x.part") << "01239"; // a disk that forgets
    auto connection = start("x", {.file = {.resume = true, .checksum = right}});
    connection.write(rest("5-9/10", "56789"));
    EXPECT_EQ(failure().code(), errc::checksum_mismatch);
    EXPECT_EQ(files(), 0u);
}

} // namespace

} // namespace cofutures::http
