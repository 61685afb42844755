// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// Downloads that get their names from the server.

#include "download_support.hpp"

#include <string>

namespace cofutures::http {

namespace {

const std::string named = "Content-Disposition: attachment; filename=\"report.pdf\"\r\n";

class HttpServerName : public download_test {
protected:
    static request_options wanted(file_options::existing existing = file_options::existing::replace,
                                  bool resume = false)
    {
        return {.file = {.resume = resume, .if_exists = existing, .use_server_name = true}};
    }

    void write_report() { std::ofstream(folder / "report.pdf") << "old"; }
};

TEST_F(HttpServerName, IsUsedOnRequest)
{
    auto connection = start("x", wanted());
    connection.write_ok("hello", named);

    EXPECT_EQ(call.result(watchdog).path, folder / "report.pdf");
    EXPECT_EQ(call.result().size, 5u);
    EXPECT_FALSE(call.result().kept);
    EXPECT_EQ(contents(folder / "report.pdf"), "hello");
    EXPECT_EQ(files(), 1u);
}

TEST_F(HttpServerName, IsNotUsedOtherwise)
{
    auto connection = start("x");
    connection.write_ok("hello", named);

    EXPECT_EQ(call.result(watchdog).path, folder / "x");
    EXPECT_EQ(files(), 1u);
}

TEST_F(HttpServerName, IsTheOneAskedForWhereItIsNotSafe)
{
    std::ofstream(folder / "x") << "old";
    for (const char* const field : {"",
                                    "Content-Disposition: attachment\r\n",
                                    "Content-Disposition: attachment; filename=\"..\"\r\n",
                                    "Content-Disposition: attachment; filename=\".profile\"\r\n"}) {
        SCOPED_TRACE(field);
        auto connection = start("x", wanted());
        connection.write_ok("new", std::string("Connection: close\r\n") + field);
        EXPECT_EQ(call.result(watchdog).path, folder / "x");
        EXPECT_EQ(contents(folder / "x"), "new") << "which was named by the caller";
        EXPECT_EQ(files(), 1u);
    }
}

TEST_F(HttpServerName, StaysInTheFolder)
{
    fs::create_directory(folder / "below");
    auto connection = start("below/x", wanted());
    connection.write_ok("hello", "Content-Disposition: attachment; filename=\"../up.txt\"\r\n");

    EXPECT_EQ(call.result(watchdog).path, folder / "below" / "up.txt");
    EXPECT_FALSE(fs::exists(folder / "up.txt"));
}

TEST_F(HttpServerName, ReplacesNothing)
{
    write_report();
    using existing = file_options::existing;
    for (const auto each : {existing::replace, existing::refuse, existing::if_newer}) {
        auto connection = start("x", wanted(each));
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n" + named + "\r\nnew");

        const request_error error = failure(); // before the body has come
        EXPECT_EQ(error.code(), std::errc::file_exists);
        EXPECT_EQ(error.path(), folder / "report.pdf");
        EXPECT_FALSE(is_retryable(error.code()));
        EXPECT_EQ(contents(folder / "report.pdf"), "old");
        EXPECT_EQ(files(), 1u);
    }
}

TEST_F(HttpServerName, ReplacesNothingThatAppearsMeanwhile)
{
    using existing = file_options::existing;
    for (const auto each : {existing::replace, existing::refuse}) {
        auto connection = start("x", wanted(each, true));
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: \"v\"\r\n" + named +
                         "\r\n01234");
        wait_for_file(".x.part", 5);
        write_report();
        connection.write("56789");

        const request_error error = failure();
        EXPECT_EQ(error.code(), std::errc::file_exists);
        EXPECT_EQ(error.path(), folder / "report.pdf");
        EXPECT_EQ(contents(folder / "report.pdf"), "old");
        fs::remove(folder / "report.pdf");
    }
}

TEST_F(HttpServerName, KeepsWhatIsThereWithoutFetchingIt)
{
    write_report();
    std::ofstream(folder / "x") << "something else";
    auto connection = start("x", wanted(file_options::existing::keep));
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n" + named + "\r\nnew");

    EXPECT_TRUE(call.result(watchdog).kept);
    EXPECT_EQ(call.result().status, 200);
    EXPECT_EQ(call.result().path, folder / "report.pdf");
    EXPECT_EQ(call.result().size, 3u);
    connection.expect_closed();
    EXPECT_EQ(contents(folder / "report.pdf"), "old");
    EXPECT_EQ(files(), 2u);
}

TEST_F(HttpServerName, KeepsTheFileAskedForWhereTheServerNamesNone)
{
    std::ofstream(folder / "x") << "older";
    auto connection = start("x", wanted(file_options::existing::keep));
    connection.write_ok("new");

    EXPECT_TRUE(call.result(watchdog).kept);
    EXPECT_EQ(call.result().path, folder / "x");
    EXPECT_EQ(call.result().size, 5u);
    EXPECT_EQ(contents(folder / "x"), "older");
}

TEST_F(HttpServerName, TakesAFolderForNoFile)
{
    fs::create_directory(folder / "report.pdf");
    auto connection = start("x", wanted(file_options::existing::keep));
    connection.write_ok("new", named);

    EXPECT_EQ(failure().code(), std::errc::is_a_directory);
    EXPECT_EQ(failure().path(), folder / "report.pdf");
}

TEST_F(HttpServerName, GoesToTheFirstOfTwo)
{
    auto one = start("x", wanted());
    const auto first = call;
    auto two = start("y", wanted());
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n" + named + "\r\n";
    one.write(head + "on");
    two.write(head + "tw");
    one.write("e");
    EXPECT_EQ(first.result(watchdog).path, folder / "report.pdf");
    two.write("o");

    EXPECT_EQ(failure().code(), std::errc::file_exists);
    EXPECT_EQ(contents(folder / "report.pdf"), "one");
    EXPECT_EQ(files(), 1u);
}

TEST_F(HttpServerName, ComesAfterAPartNamedAsAskedFor)
{
    {
        auto connection = start("x", wanted(file_options::existing::keep, true));
        connection.write("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 10\r\n" + named +
                         "\r\n0123");
        connection.close();
        failure();
        EXPECT_TRUE(fs::exists(folder / ".x.part"));
        EXPECT_FALSE(fs::exists(folder / "report.pdf"));
    }
    auto connection = start("x", wanted(file_options::existing::keep, true));
    EXPECT_TRUE(asked("Range: bytes=4-")) << request;
    connection.write("HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\nContent-Length: 6\r\n"
                     "Content-Range: bytes 4-9/10\r\n" +
                     named + "\r\n456789");

    EXPECT_EQ(call.result(watchdog).path, folder / "report.pdf");
    EXPECT_EQ(call.result().resumed_at, 4u);
    EXPECT_EQ(contents(folder / "report.pdf"), "0123456789");
    EXPECT_EQ(files(), 1u);
}

TEST_F(HttpServerName, IsRememberedBetweenTheTriesOfOneCall)
{
    // A rest is usually sent without what was said about the whole.
    request_options options = wanted();
    options.retries = retry_policy{.max_tries = 2, .first_delay = std::chrono::milliseconds(0)};
    {
        auto connection = start("x", options);
        connection.write("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 10\r\n" + named +
                         "\r\n0123");
    }
    auto connection = server.accept();
    connection.read_request();
    connection.write("HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\nContent-Length: 6\r\n"
                     "Content-Range: bytes 4-9/10\r\n\r\n456789");

    EXPECT_EQ(call.result(watchdog).path, folder / "report.pdf");
    EXPECT_EQ(contents(folder / "report.pdf"), "0123456789");
}

TEST_F(HttpServerName, ComesAfterTheChecksum)
{
    request_options options = wanted();
    options.file.checksum = checksum("md5:5d41402abc4b2a76b9719d911017c592"); // of "hello"
    {
        auto connection = start("x", options);
        connection.write_ok("jello", named + "Connection: close\r\n");
        EXPECT_EQ(failure().code(), errc::checksum_mismatch);
        EXPECT_EQ(files(), 0u);
    }
    auto connection = start("x", options);
    connection.write_ok("hello", named);
    EXPECT_EQ(call.result(watchdog).path, folder / "report.pdf");
}

} // namespace

} // namespace cofutures::http
