// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// Answers that do not fit to what is there of a file: none of their bytes must get into it.

#include "download_support.hpp"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace cofutures::http {

namespace {

using namespace std::chrono_literals;

const std::string whole = "0123456789";
const std::string complaint = R"({"error":"daily quota exceeded"})";
const std::string date = "Wed, 01 Jul 2026 12:00:00 GMT";
const std::string later = "Wed, 01 Jul 2026 13:00:00 GMT";

std::string chunk(const std::string& bytes)
{
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    return size + bytes + "\r\n";
}

std::string partial(const std::string& fields, const std::string& body)
{
    return "HTTP/1.1 206 Partial Content\r\n" + fields + "Connection: close\r\n\r\n" + body;
}

std::string chunked(const std::string& fields, const std::string& chunks)
{
    return partial(fields + "Transfer-Encoding: chunked\r\n", chunks);
}

const std::string rest_of_v1 = "ETag: \"v1\"\r\nContent-Range: bytes 5-9/10\r\n";

/// What does not continue "01234" of "v1", for reasons that can be told apart.
std::vector<std::string> misfits()
{
    const std::string range = "Content-Range: bytes 5-9/10\r\n";
    const std::string five = "Content-Length: 5\r\n";
    return {
        // Another length than the range has, told at once or at the end.
        partial(rest_of_v1 + "Content-Length: 32\r\n", complaint),
        partial(rest_of_v1 + "Content-Length: 4\r\n", "5678"),
        partial(rest_of_v1 + "Content-Length: 0\r\n", ""),
        partial(rest_of_v1 + "Content-Length: 10\r\n", whole),
        partial(rest_of_v1 + "Content-Length: 10\r\n", "01234567"),
        partial(rest_of_v1, "567"),
        partial(rest_of_v1, complaint),
        chunked(rest_of_v1, chunk("XXX") + "0\r\n\r\n"),
        chunked(rest_of_v1, "0\r\n\r\n"),
        chunked(rest_of_v1, chunk("XXXXX") + chunk("X") + "0\r\n\r\n"),
        chunked(rest_of_v1, chunk("XXXXX") + chunk(complaint)),
        chunked(rest_of_v1, chunk(complaint) + "0\r\n\r\n"),
        chunked(rest_of_v1, chunk(whole) + "0\r\n\r\n"),
        // Another version, as far as anything shows.
        partial(range + five, "XXXXX"),
        partial("ETag: \"v2\"\r\n" + range + five, "XXXXX"),
        partial("ETag: W/\"v1\"\r\n" + range + five, "XXXXX"),
        partial("ETag: \"v1\"\r\nETag: \"v2\"\r\n" + range + five, "XXXXX"),
        partial("Last-Modified: " + date + "\r\n" + range + five, "XXXXX"),
        partial("ETag: \"v1\"\r\nContent-Range: bytes 5-9/11\r\n" + five, "XXXXX"),
        // Not these bytes.
        partial(rest_of_v1 + "Content-Encoding: br\r\n" + five, "XXXXX"),
        partial(rest_of_v1 + "Content-Range: bytes 0-4/10\r\n" + five, "XXXXX"),
        partial(rest_of_v1 + "Content-Type: multipart/byteranges; boundary=X\r\n" + five, "XXXXX"),
        partial("ETag: \"v1\"\r\nContent-Range: bytes 0-9/10\r\nContent-Length: 10\r\n", "012345"),
        "HTTP/1.1 200 OK\r\nConnection: close\r\n" + rest_of_v1 + five + "\r\n56789",
        "HTTP/1.1 304 Not Modified\r\nETag: \"v2\"\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    };
}

class HttpSplice : public download_test {
protected:
    static request_options resuming() { return {.file = {.resume = true}}; }

    static std::string first_half(const std::string& fields = "ETag: \"v1\"\r\n")
    {
        return "HTTP/1.1 200 OK\r\n" + fields + "Content-Length: 10\r\n\r\n01234";
    }

    // Leaves the first half, as a download does whose connection is cut.
    void leave_half(const std::string& fields = "ETag: \"v1\"\r\n")
    {
        auto connection = start("x", resuming());
        connection.write(first_half(fields));
        connection.close();
        EXPECT_EQ(failure().code(), errc::body_truncated);
        EXPECT_EQ(contents(folder / ".x.part"), "01234");
    }

    // What is written to it may be more than the client reads.
    static void write(scripted_connection& connection, const std::string& answer)
    {
        connection.write(answer);
        connection.close();
    }

    void expect_request_for_the_whole(const std::string& content = whole)
    {
        auto connection = server.accept();
        const std::string text = connection.read_request();
        EXPECT_EQ(text.find("Range"), std::string::npos) << text;
        connection.write_ok(content, "ETag: \"v1\"\r\nConnection: close\r\n");
    }

    void expect_whole(const std::string& content = whole)
    {
        EXPECT_EQ(call.result(watchdog).size, content.size());
        EXPECT_EQ(contents(folder / "x"), content);
        EXPECT_EQ(files(), 1u) << "nothing is left beside the file";
        fs::remove(folder / "x");
    }
};

TEST_F(HttpSplice, IsNeverMadeOfAnAnswerThatDoesNotFitWhatAnEarlierCallHasLeft)
{
    for (const std::string& misfit : misfits()) {
        SCOPED_TRACE(misfit);
        leave_half();
        {
            auto connection = start("x", resuming());
            EXPECT_TRUE(asked("Range: bytes=5-")) << request;
            write(connection, misfit);
        }
        expect_request_for_the_whole();
        expect_whole();
        EXPECT_EQ(call.result().resumed_at, 0u);
    }
}

TEST_F(HttpSplice, IsNeverMadeOfAnAnswerThatDoesNotFitInACallThatIsTriedAgain)
{
    const request_options patient{.retries = retry_policy{.max_tries = 2, .first_delay = 0ms}};
    for (const std::string& misfit : misfits()) {
        SCOPED_TRACE(misfit);
        {
            auto connection = start("x", patient);
            connection.write(first_half());
        }
        {
            auto connection = server.accept();
            EXPECT_NE(connection.read_request().find("\r\nRange: bytes=5-\r\n"), std::string::npos);
            write(connection, misfit);
        }
        expect_request_for_the_whole();
        expect_whole();
    }
}

TEST_F(HttpSplice, IsNotMadeWhereATagComesThatTheWholeDidNotHave)
{
    leave_half("Last-Modified: " + date + "\r\nDate: " + later + "\r\n");
    {
        auto connection = start("x", resuming());
        EXPECT_TRUE(asked("If-Range: " + date)) << request;
        write(connection,
              partial("ETag: \"v2\"\r\nLast-Modified: " + date +
                          "\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n",
                      "XXXXX"));
    }
    expect_request_for_the_whole();
    expect_whole();
}

TEST_F(HttpSplice, IsNotMadeWhereThereIsNothingAndAPartComesAsTheWhole)
{
    for (const char* range : {"bytes 5-9/10", "bytes 0-4/10", "bytes */10", "bytes 0-9/10"}) {
        SCOPED_TRACE(range);
        auto connection = start("x", resuming());
        connection.write_ok("56789", std::string("Content-Range: ") + range + "\r\n");
        EXPECT_EQ(failure().code(), errc::bad_response);
        EXPECT_EQ(files(), 0u);
    }
}

TEST_F(HttpSplice, IsNoWholeOfAnotherLengthThanItsContentRange)
{
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Range: bytes 0-9/10\r\nETag: \"v1\"\r\n"
                             "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const bool begun : {false, true}) {
        if (begun) {
            leave_half();
        }
        auto connection = start("x", resuming());
        write(connection, head + chunk(complaint) + "0\r\n\r\n");
        EXPECT_EQ(failure().code(), errc::body_truncated);
        EXPECT_FALSE(fs::exists(folder / "x"));
    }
    auto connection = start("x", resuming());
    write(connection, head + chunk(whole) + "0\r\n\r\n");
    expect_whole();
}

TEST_F(HttpSplice, LosesNothingToASuccessThatBringsNoFile)
{
    for (const char* status : {"202 Accepted", "204 No Content", "205 Reset Content"}) {
        SCOPED_TRACE(status);
        const bool bodiless = std::string(status).starts_with("204");
        const std::string answer = std::string("HTTP/1.1 ") + status +
                                   (bodiless ? "\r\n\r\n" : "\r\nContent-Length: 0\r\n\r\n");
        for (const bool begun : {false, true}) {
            if (begun) {
                leave_half();
            }
            auto connection = start("x", resuming());
            write(connection, answer);
            EXPECT_EQ(call.result(watchdog).path, "");
            EXPECT_EQ(std::to_string(call.result().status), std::string(status).substr(0, 3));
            EXPECT_FALSE(fs::exists(folder / "x"));
        }
        auto connection = start("x", resuming());
        EXPECT_TRUE(asked("Range: bytes=5-")) << request;
        write(connection, partial(rest_of_v1 + "Content-Length: 5\r\n", "56789"));
        expect_whole();
    }
}

TEST_F(HttpSplice, IsMadeOfAChunkedRestThatIsAsLongAsItSays)
{
    leave_half();
    auto connection = start("x", resuming());
    write(connection, chunked(rest_of_v1, chunk("56") + chunk("789") + "0\r\n\r\n"));
    expect_whole();
    EXPECT_EQ(call.result().resumed_at, 5u);
}

// Nothing but its end shows that such a rest is one: these bytes may be a complaint, or the file
// from its beginning.
TEST_F(HttpSplice, KeepsNoByteOfARestOfUnknownLengthThatIsCut)
{
    for (const std::string& beginning : {complaint.substr(0, 4), whole.substr(0, 4)}) {
        leave_half();
        {
            auto connection = start("x", resuming());
            write(connection, chunked(rest_of_v1, chunk(beginning)));
            EXPECT_EQ(failure().code(), errc::body_truncated);
            EXPECT_EQ(contents(folder / ".x.part"), "01234");
        }
        auto connection = start("x", resuming());
        EXPECT_TRUE(asked("Range: bytes=5-")) << request;
        write(connection, partial(rest_of_v1 + "Content-Length: 5\r\n", "56789"));
        expect_whole();
    }
}

TEST_F(HttpSplice, KeepsNoByteOfARestOfUnknownLengthBetweenTwoTries)
{
    const request_options patient{.retries = retry_policy{.max_tries = 3, .first_delay = 0ms}};
    {
        auto connection = start("x", patient);
        connection.write(first_half());
    }
    {
        auto connection = server.accept();
        connection.read_request();
        write(connection, chunked(rest_of_v1, chunk("XXXX")));
    }
    auto connection = server.accept();
    const std::string text = connection.read_request();
    EXPECT_NE(text.find("\r\nRange: bytes=5-\r\n"), std::string::npos) << text;
    write(connection, partial(rest_of_v1 + "Content-Length: 5\r\n", "56789"));
    expect_whole();
}

// A kill at that moment leaves no more than a record that is true.
TEST_F(HttpSplice, LeavesNoByteOfARestOfUnknownLengthToAKill)
{
    leave_half();
    {
        auto connection = start("x", resuming());
        connection.write(chunked(rest_of_v1, chunk("XXX")));
        wait_for_file(".x.part", 8);
        fs::copy(folder / ".x.part", folder / "part");
        fs::copy(folder / ".x.part-info", folder / "part-info");
        call.request_stop();
        call.wait_for(watchdog);
    }
    fs::rename(folder / "part", folder / ".x.part");
    fs::rename(folder / "part-info", folder / ".x.part-info");
    {
        auto connection = start("x", resuming());
        EXPECT_TRUE(asked("Range: bytes=5-")) << request;
        write(connection, partial(rest_of_v1 + "Content-Length: 5\r\n", "567"));
        EXPECT_EQ(failure().code(), errc::body_truncated);
    }
    // From here on every byte counts again.
    auto connection = start("x", resuming());
    EXPECT_TRUE(asked("Range: bytes=8-")) << request;
    write(connection,
          partial("ETag: \"v1\"\r\nContent-Range: bytes 8-9/10\r\nContent-Length: 2\r\n", "89"));
    expect_whole();
}

// What is there was right before the answer that did not fit, and nothing better has come.
TEST_F(HttpSplice, IsMadeByALaterCallWhereNoWholeCouldBeHad)
{
    for (const std::string& misfit : misfits()) {
        SCOPED_TRACE(misfit);
        leave_half();
        {
            auto connection = start("x", resuming());
            write(connection, misfit);
        }
        {
            auto connection = server.accept();
            EXPECT_EQ(connection.read_request().find("Range"), std::string::npos);
            connection.write("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            EXPECT_EQ(call.result(watchdog).status, 503);
        }
        EXPECT_EQ(contents(folder / ".x.part"), "01234");
        auto connection = start("x", resuming());
        EXPECT_TRUE(asked("Range: bytes=5-")) << request;
        write(connection, partial(rest_of_v1 + "Content-Length: 5\r\n", "56789"));
        expect_whole();
        EXPECT_EQ(call.result().resumed_at, 5u);
    }
}

TEST_F(HttpSplice, IsMadeOfACodedFileAndItsRestInTheSameCodingOnly)
{
    const std::string coded = "ETag: \"v1\"\r\nContent-Encoding: x-gzip\r\n";
    const std::string length = "Content-Range: bytes 5-9/10\r\nContent-Length: 5\r\n";
    leave_half(coded);
    {
        auto connection = start("x", resuming());
        EXPECT_TRUE(asked("Range: bytes=5-")) << request;
        write(connection, partial(coded + length, "56789"));
        expect_whole();
        EXPECT_EQ(call.result().resumed_at, 5u);
    }
    leave_half(coded);
    {
        auto connection = start("x", resuming());
        EXPECT_TRUE(asked("Range: bytes=5-")) << request;
        write(connection, partial("ETag: \"v1\"\r\n" + length, "XXXXX"));
    }
    expect_request_for_the_whole();
    expect_whole();
}

TEST_F(HttpSplice, IsNotMadeOfACodedPartByACallThatDecodes)
{
    leave_half("ETag: \"v1\"\r\nContent-Encoding: gzip\r\n");
    call = client_.download(
        server.url("/x"), folder / "x", {.decode = true, .file = {.resume = true}});
    expect_request_for_the_whole("plain");
    expect_whole("plain");
}

/// Files with gaps: 100 bytes, of which 20 to 59 are missing.
class HttpSpliceOfGaps : public HttpSplice {
protected:
    const std::string large = [] {
        std::string bytes;
        for (int i = 0; i < 100; ++i) {
            bytes += static_cast<char>('a' + i % 26);
        }
        return bytes;
    }();

    static std::string range(const std::string& numbers)
    {
        return "ETag: \"v1\"\r\nContent-Range: bytes " + numbers + "/100\r\n";
    }

    // What does not fit to a question for bytes=FIRST-LAST.
    static std::vector<std::string> misfits_for(const std::string& numbers)
    {
        const std::string forty = "Content-Length: 40\r\n";
        const std::string bytes(40, 'X');
        return {
            partial(range(numbers) + "Content-Length: 32\r\n", complaint),
            partial(range(numbers) + "Content-Length: 100\r\n", bytes),
            partial(range(numbers) + "Content-Encoding: br\r\n" + forty, bytes),
            partial("Content-Range: bytes " + numbers + "/100\r\n" + forty, bytes),
            chunked(range(numbers), chunk(complaint) + "0\r\n\r\n"),
            chunked(range(numbers), chunk(bytes) + chunk("X") + "0\r\n\r\n"),
            partial(range(numbers), bytes),
        };
    }
};

TEST_F(HttpSpliceOfGaps, IsNeverMadeOfAnAnswerThatDoesNotFit)
{
    for (const std::string& misfit : misfits_for("20-59")) {
        SCOPED_TRACE(misfit);
        std::ofstream(folder / ".x.part")
            << large.substr(0, 20) << std::string(40, '-') << large.substr(60);
        std::ofstream(folder / ".x.part-info") << "cofutures part 2\n"
                                               << server.url("/x") << "\n\"v1\"\n100\n20-59\nend\n";
        {
            auto connection = start("x", resuming());
            EXPECT_TRUE(asked("Range: bytes=20-59")) << request;
            write(connection, misfit);
        }
        expect_request_for_the_whole(large);
        expect_whole(large);
    }
}

TEST_F(HttpSpliceOfGaps, IsNeverMadeOfWhatAHelperIsSentThatDoesNotFit)
{
    for (const std::string& misfit : misfits_for("60-99")) {
        SCOPED_TRACE(misfit);
        client fresh;
        call = fresh.download(
            server.url("/x"),
            folder / "x",
            {.file = {.resume = true, .segments = 2, .min_segment = 10, .split_after = 0ms}});
        auto leader = server.accept();
        leader.read_request();
        leader.write("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nAccept-Ranges: bytes\r\n"
                     "Content-Length: 100\r\n\r\n" +
                     large.substr(0, 20));
        auto helper = server.accept();
        const std::string text = helper.read_request();
        EXPECT_NE(text.find("\r\nRange: bytes=60-\r\n"), std::string::npos) << text;
        helper.write(misfit);
        helper.wait_closed();
        leader.write(large.substr(20));
        expect_whole(large);
    }
}

} // namespace

} // namespace cofutures::http
