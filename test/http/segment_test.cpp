// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/error.hpp>

#include "download_support.hpp"
#include "support/file_server.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include <sys/socket.h>

// Files that several connections fetch.

namespace cofutures::http {

namespace {

using namespace std::chrono_literals;
using test::file_server;

std::string made_up(std::size_t size)
{
    std::mt19937 random(7);
    std::string bytes(size, '\0');
    for (char& byte : bytes) {
        byte = static_cast<char>('a' + random() % 26);
    }
    return bytes;
}

const std::string whole = made_up(100);

/// The server is played by the test: 100 bytes, of which 20 come at first, and 40 are for a helper.
class HttpSegments : public download_test {
protected:
    static request_options in_two(bool resume = false, std::uint64_t least = 10)
    {
        return {
            .file = {.resume = resume, .segments = 2, .min_segment = least, .split_after = 0ms}};
    }

    static std::string first_part(const std::string& fields = "ETag: \"v1\"\r\n"
                                                              "Accept-Ranges: bytes\r\n")
    {
        return "HTTP/1.1 200 OK\r\n" + fields + "Content-Length: 100\r\n\r\n" + whole.substr(0, 20);
    }

    static std::string
    range(std::size_t first, std::size_t last, const std::string& fields = "ETag: \"v1\"\r\n")
    {
        return "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " + std::to_string(first) +
               "-" + std::to_string(last) + "/100\r\n" + fields +
               "Content-Length: " + std::to_string(last + 1 - first) + "\r\n\r\n";
    }

    static std::string part(std::size_t first, std::size_t last)
    {
        return range(first, last) + whole.substr(first, last + 1 - first);
    }

    /// The helper's connection, which has asked for what `bytes=` says.
    scripted_connection helper(const std::string& bytes)
    {
        scripted_connection connection = server.accept();
        expect_request(connection, bytes);
        return connection;
    }

    static void expect_request(scripted_connection& connection, const std::string& bytes)
    {
        const std::string text = connection.read_request();
        EXPECT_NE(text.find("\r\nRange: bytes=" + bytes + "\r\n"), std::string::npos) << text;
        EXPECT_NE(text.find("\r\nIf-Range: \"v1\"\r\n"), std::string::npos) << text;
    }

    void expect_whole()
    {
        const download_result result = call.result(watchdog);
        EXPECT_EQ(result.size, 100u);
        EXPECT_EQ(result.path, folder / "x");
        EXPECT_EQ(contents(folder / "x"), whole);
        EXPECT_EQ(files(), 1u) << "nothing is left beside the file";
    }

    /// A part that has gaps, as an earlier call leaves it.
    void leave(const std::string& bytes, const std::string& missing)
    {
        std::ofstream(folder / ".x.part") << bytes;
        std::ofstream(folder / ".x.part-info") << "cofutures part 2\n"
                                               << server.url("/x") << "\n\"v1\"\n100\n"
                                               << missing << "\nend\n";
    }
};

TEST_F(HttpSegments, AreFetchedOverConnectionsOfTheirOwn)
{
    auto leader = start("x", in_two());
    leader.write(first_part());
    auto other = helper("60-");
    other.write(part(60, 99));
    expect_request(other, "40-59"); // half of what the first has to do, over the same connection
    other.write(part(40, 59));
    expect_request(other, "30-39");
    leader.write(whole.substr(20, 10));
    leader.wait_closed(); // the rest is for the other
    other.write(part(30, 39));

    expect_whole();
    EXPECT_EQ(call.result().status, 200);
    EXPECT_EQ(call.result().resumed_at, 0u);
    EXPECT_EQ(client_.stats().connections_opened, 2u);
}

TEST_F(HttpSegments, AreForDownloadsThatAskForThem)
{
    auto connection = start("x");
    connection.write(first_part());
    connection.write(whole.substr(20));
    expect_whole();
    EXPECT_EQ(client_.stats().connections_opened, 1u);
}

TEST_F(HttpSegments, NeedRangesAndAValidatorAndAnUncodedBody)
{
    for (const char* fields :
         {"ETag: \"v1\"\r\n",
          "ETag: \"v1\"\r\nAccept-Ranges: none\r\n",
          "Accept-Ranges: bytes\r\n",
          "ETag: W/\"v1\"\r\nAccept-Ranges: bytes\r\n",
          "ETag: \"v1\"\r\nAccept-Ranges: bytes\r\nContent-Encoding: gzip\r\n"}) {
        client fresh;
        call = fresh.download(server.url("/x"), folder / "x", in_two());
        auto connection = server.accept();
        connection.read_request();
        connection.write(first_part(fields));
        connection.write(whole.substr(20));
        expect_whole();
        EXPECT_EQ(fresh.stats().connections_opened, 1u) << fields;
    }
}

TEST_F(HttpSegments, AreNotMadeOfWhatIsShort)
{
    request_options options = in_two();
    options.file.min_segment = 41; // 80 bytes are to come
    auto connection = start("x", options);
    connection.write(first_part());
    connection.write(whole.substr(20));
    expect_whole();
    EXPECT_EQ(client_.stats().connections_opened, 1u);
}

TEST_F(HttpSegments, AreGivenUpWhereTheServerHasOtherAnswers)
{
    const std::string answers[] = {
        first_part() + whole.substr(20),
        range(60, 99, "ETag: \"v2\"\r\n") + std::string(40, 'X'),
        range(60, 99, "") + std::string(40, 'X'), // may be anything
        range(61, 99) + std::string(39, 'X'),
        range(60, 98) + std::string(39, 'X'),
        range(60, 99, "ETag: \"v1\"\r\nContent-Encoding: gzip\r\n") + std::string(40, 'X'),
        "HTTP/1.1 206 Partial Content\r\nContent-Length: 40\r\n\r\n" + std::string(40, 'X'),
        "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 429 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    };
    for (const std::string& answer : answers) {
        SCOPED_TRACE(answer);
        client fresh;
        call = fresh.download(server.url("/x"), folder / "x", in_two());
        auto leader = server.accept();
        leader.read_request();
        leader.write(first_part());
        auto other = helper("60-");
        other.write(answer);
        other.wait_closed();
        // The one stream goes on to the end, which nobody else fetches any more.
        leader.write(whole.substr(20));
        expect_whole();
        EXPECT_EQ(fresh.stats().requests, 2u);
        fs::remove(folder / "x");
    }
}

TEST_F(HttpSegments, AreTakenOverFromConnectionsThatBreak)
{
    auto leader = start("x", in_two(false, 25));
    leader.write(first_part());
    auto other = helper("60-");
    other.write(range(60, 99) + whole.substr(60, 10));
    leader.write(whole.substr(20, 40));
    leader.wait_closed();
    other.reset();
    auto next = helper("60-");
    next.write(part(60, 99));
    expect_whole();
}

TEST_F(HttpSegments, OfConnectionsThatBreakAreNotAskedForAgainAndAgain)
{
    auto leader = start("x", in_two());
    leader.write(first_part());
    for (int i = 0; i < 3; ++i) {
        auto other = helper("60-");
        other.write(range(60, 99) + whole.substr(60, 10));
        ::shutdown(other.descriptor(), SHUT_WR);
        other.wait_closed();
    }
    leader.write(whole.substr(20));
    expect_whole();
    EXPECT_EQ(client_.stats().connections_opened, 4u);
}

TEST_F(HttpSegments, OfServersThatSendLessThanTheySayAreNotAskedForAgainAndAgain)
{
    auto leader = start("x", in_two());
    leader.write(first_part());
    auto other = helper("60-");
    other.write("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 60-99/100\r\n"
                "ETag: \"v1\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    other.wait_closed();
    leader.write(whole.substr(20));
    expect_whole();
    EXPECT_EQ(client_.stats().connections_opened, 2u);
}

TEST_F(HttpSegments, OfASilentConnectionAreAskedForAgain)
{
    request_options options = in_two(false, 25);
    options.limits = time_limits{.idle = 300ms};
    auto leader = start("x", options);
    leader.write(first_part());
    auto silent = helper("60-");
    silent.write(range(60, 99) + whole.substr(60, 39)); // all but the last byte
    leader.write(whole.substr(20, 40));
    silent.wait_closed();
    auto next = helper("60-");
    next.write(part(60, 99));
    expect_whole();
}

TEST_F(HttpSegments, SurviveTheLossOfTheFirstConnection)
{
    auto leader = start("x", in_two(false, 20));
    leader.write(first_part());
    auto other = helper("60-");
    other.write(part(60, 99));
    expect_request(other, "40-59");
    leader.reset();
    auto next = helper("20-39");
    next.write(part(20, 39));
    other.write(part(40, 59));
    expect_whole();
    EXPECT_EQ(call.result().status, 200);
    EXPECT_EQ(call.result().tries, 1u);
}

TEST_F(HttpSegments, FailWithTheFirstConnectionWhereNothingShowsThatPartsCanBeHad)
{
    auto leader = start("x", in_two());
    leader.write(first_part());
    auto other = helper("60-");
    leader.reset();
    EXPECT_EQ(failure().code(), std::errc::connection_reset);
    other.wait_closed();
    EXPECT_EQ(files(), 0u);
}

TEST_F(HttpSegments, AreAllClosedByAStop)
{
    auto leader = start("x", in_two());
    leader.write(first_part());
    auto other = helper("60-");
    other.write(range(60, 99));
    call.request_stop();
    EXPECT_THROW(call.result(watchdog), cancelled_error);
    leader.wait_closed();
    other.wait_closed();
    EXPECT_EQ(files(), 0u);
    EXPECT_EQ(client_.stats().connections_open, 0u);
}

TEST_F(HttpSegments, AreAllClosedByTheTotalTimeLimit)
{
    request_options options = in_two();
    options.limits = time_limits{.total = 400ms};
    auto leader = start("x", options);
    leader.write(first_part());
    auto other = helper("60-");
    EXPECT_EQ(failure().code(), errc::total_timed_out);
    leader.wait_closed();
    other.wait_closed();
    EXPECT_EQ(files(), 0u);
}

TEST_F(HttpSegments, LeaveGapsThatAreFilledNextTime)
{
    {
        auto leader = start("x", in_two(true));
        leader.write(first_part());
        auto other = helper("60-");
        other.write(part(60, 99));
        expect_request(other, "40-59");
        call.request_stop();
        EXPECT_THROW(call.result(watchdog), cancelled_error);
    }
    EXPECT_EQ(contents(folder / ".x.part-info"),
              "cofutures part 2\n" + server.url("/x") + "\n\"v1\"\n100\n20-59\nend\n");

    auto connection = start("x", {.file = {.resume = true}});
    EXPECT_TRUE(asked("Range: bytes=20-59")) << request;
    connection.write(part(20, 59));
    expect_whole();
    EXPECT_EQ(call.result().resumed_at, 60u);
    EXPECT_EQ(call.result().status, 206);
}

TEST_F(HttpSegments, FillGapsOneAfterTheOther)
{
    leave(whole.substr(0, 20) + std::string(20, '-') + whole.substr(40, 20), "20-39,60-69,80-99");
    fs::resize_file(folder / ".x.part", 80);
    {
        std::fstream file(folder / ".x.part", std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(70);
        file << whole.substr(70, 10);
    }
    auto connection = start("x", {.file = {.resume = true}});
    EXPECT_TRUE(asked("Range: bytes=20-39")) << request;
    connection.write(part(20, 39));
    expect_request(connection, "80-");
    connection.write(part(80, 99));
    expect_request(connection, "60-69");
    connection.write(part(60, 69));
    expect_whole();
}

TEST_F(HttpSegments, FillGapsInOneTryAndTheNext)
{
    leave(whole.substr(0, 20) + std::string(40, '-') + whole.substr(60), "20-59");
    const request_options patient{.retries = retry_policy{.max_tries = 2, .first_delay = 0ms},
                                  .file = {.resume = true}};
    {
        auto connection = start("x", patient);
        EXPECT_TRUE(asked("Range: bytes=20-59")) << request;
        connection.write("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    auto connection = helper("20-59");
    connection.write(part(20, 59));
    expect_whole();
}

TEST_F(HttpSegments, OfAnotherVersionAreFetchedAnew)
{
    leave(whole.substr(0, 20) + std::string(40, '-') + whole.substr(60), "20-59");
    {
        auto connection = start("x", {.file = {.resume = true}});
        EXPECT_TRUE(asked("Range: bytes=20-59")) << request;
        connection.write_ok("a new one", "ETag: \"v2\"\r\n");
    }
    auto second = server.accept();
    EXPECT_EQ(second.read_request().find("Range"), std::string::npos);
    second.write_ok("a new one", "ETag: \"v2\"\r\n");
    EXPECT_EQ(call.result(watchdog).size, 9u);
    EXPECT_EQ(call.result().resumed_at, 0u);
    EXPECT_EQ(contents(folder / "x"), "a new one");
    EXPECT_EQ(files(), 1u);
}

TEST_F(HttpSegments, OfAFileThatChangesMeanwhileAreNotMixed)
{
    const std::string other_version(100, 'X');
    auto leader = start("x", in_two());
    leader.write(first_part());
    {
        auto other = helper("60-");
        other.write(part(60, 99));
        expect_request(other, "40-59");
        other.write("HTTP/1.1 200 OK\r\nETag: \"v2\"\r\nContent-Length: 100\r\n\r\n" +
                    other_version);
        other.wait_closed();
    }
    // Half of its part comes, then it breaks: the rest can be had of the new version only.
    leader.write(whole.substr(20, 10));
    leader.reset();
    {
        auto next = helper("20-59");
        next.write("HTTP/1.1 200 OK\r\nETag: \"v2\"\r\nContent-Length: 100\r\n\r\n" +
                   other_version);
        next.wait_closed();
    }
    auto last = server.accept();
    EXPECT_EQ(last.read_request().find("Range"), std::string::npos);
    last.write("HTTP/1.1 200 OK\r\nETag: \"v2\"\r\nContent-Length: 100\r\n\r\n" + other_version);
    EXPECT_EQ(call.result(watchdog).size, 100u);
    EXPECT_EQ(contents(folder / "x"), other_version);
    EXPECT_EQ(files(), 1u);
}

TEST_F(HttpSegments, TrustNoRecordOfAFileThatIsShorter)
{
    for (const std::string& bytes : {std::string(), whole.substr(0, 20), whole.substr(0, 99)}) {
        leave(bytes, "20-59");
        auto connection = start("x", {.file = {.resume = true}});
        EXPECT_EQ(request.find("Range"), std::string::npos) << bytes.size();
        connection.write_ok(whole, "Connection: close\r\n");
        expect_whole();
        fs::remove(folder / "x");
    }
}

TEST_F(HttpSegments, GiveWayToAFileThatHasTheServersName)
{
    leave(whole.substr(0, 20) + std::string(40, '-') + whole.substr(60), "20-59");
    std::ofstream(folder / "named") << "old";
    auto connection = start("x",
                            {.file = {.resume = true,
                                      .if_exists = file_options::existing::keep,
                                      .use_server_name = true}});
    EXPECT_TRUE(asked("Range: bytes=20-59")) << request;
    connection.write(
        range(20, 59, "ETag: \"v1\"\r\nContent-Disposition: attachment; filename=named\r\n") +
        whole.substr(20, 40));
    const download_result result = call.result(watchdog);
    EXPECT_TRUE(result.kept);
    EXPECT_EQ(result.path, folder / "named");
    EXPECT_EQ(result.size, 3u);
    EXPECT_EQ(contents(folder / "named"), "old");
    EXPECT_FALSE(fs::exists(folder / "x"));
}

TEST_F(HttpSegments, NeedATurnThatNobodyElseWantsToHave)
{
    client alone({.max_connections_per_host = 1});
    call = alone.download(server.url("/x"), folder / "x", in_two());
    {
        auto connection = server.accept();
        connection.read_request();
        connection.write(first_part());
        connection.write(whole.substr(20));
        expect_whole();
    }
    EXPECT_EQ(alone.stats().connections_opened, 1u);

    client in_all({.max_connections = 1});
    call = in_all.download(server.url("/x"), folder / "x", in_two());
    auto connection = server.accept();
    connection.read_request();
    connection.write(first_part());
    connection.write(whole.substr(20));
    expect_whole();
    EXPECT_EQ(in_all.stats().connections_opened, 1u);
}

TEST_F(HttpSegments, MakeWayForOtherCalls)
{
    client two({.max_connections_per_host = 2});
    call = two.download(server.url("/x"), folder / "x", in_two());
    auto leader = server.accept();
    leader.read_request();
    leader.write(first_part());
    auto other = helper("60-");
    auto page = two.get(server.url("/page"));
    // Once this has failed, the call before it waits.
    const test::refused_port nobody;
    auto later = two.get("http://127.0.0.1:" + std::to_string(nobody.port()) + "/");
    EXPECT_THROW(later.result(watchdog), request_error);
    EXPECT_FALSE(page.done());

    other.write(range(60, 99));
    other.wait_closed();
    auto third = server.accept();
    EXPECT_NE(third.read_request().find("GET /page "), std::string::npos);
    third.write_ok("page");
    EXPECT_EQ(page.result(watchdog).body, "page");
    leader.write(whole.substr(20));
    expect_whole();
}

TEST_F(HttpSegments, CountAsOneDownloadForObservers)
{
    struct seen {
        std::mutex mutex;
        std::vector<event> events;
    };
    const auto all = std::make_shared<seen>();
    request_options options = in_two(false, 20);
    options.on_event = [all](const event& what) {
        const std::lock_guard lock(all->mutex);
        all->events.push_back(what);
    };
    auto leader = start("x", options);
    leader.write(first_part());
    auto other = helper("60-");
    other.write(part(60, 99));
    expect_request(other, "40-59");
    leader.write(whole.substr(20, 20));
    other.write(part(40, 59));
    expect_whole();

    const std::lock_guard lock(all->mutex);
    std::string names;
    std::uint64_t size = 0;
    for (const event& each : all->events) {
        if (each.what == event::kind::progress) {
            EXPECT_GE(each.size, size);
            EXPECT_EQ(each.length, 100u);
            size = each.size;
        } else {
            names += std::string(name_of(each.what)) + " ";
        }
    }
    EXPECT_EQ(size, 100u);
    EXPECT_EQ(names, "queued resolved connected sent first_byte done ") << "none of a helper";
    EXPECT_EQ(all->events.back().size, 100u);
}

/// Files of some size, from a server that does its best.
class HttpLargeFiles : public download_test {
protected:
    static request_options in(std::size_t segments)
    {
        return {.file = {.segments = segments, .min_segment = 64 * 1024, .split_after = 0ms}};
    }

    const std::string content = made_up(1'500'000);
    file_server files_{{content}};
};

TEST_F(HttpLargeFiles, AreTheSameInSegments)
{
    client client({.max_connections_per_host = 4});
    const auto result = client.download(files_.url(0), folder / "x", in(8)).result(watchdog);
    EXPECT_EQ(result.size, content.size());
    EXPECT_TRUE(contents(folder / "x") == content);
    EXPECT_EQ(files(), 1u);
    EXPECT_LE(files_.most_open(), 4u) << "never more than the client may have";
    EXPECT_GE(files_.most_open(), 2u);
}

TEST_F(HttpLargeFiles, AddUpInSegmentsToo)
{
    request_options options = in(4);
    options.file.checksum = checksum("sha256:" + std::string(64, '0'));
    std::string sum;
    try {
        client_.download(files_.url(0), folder / "x", options).result(watchdog);
    } catch (const request_error& error) {
        EXPECT_EQ(error.code(), errc::checksum_mismatch);
        const std::string what = error.what();
        const std::size_t at = what.find("sha256 is ");
        sum = at == std::string::npos ? "" : what.substr(at + 10, 64);
    }
    EXPECT_EQ(files(), 0u);
    client_.download(files_.url(0), folder / "plain").result(watchdog);
    options.file.checksum = checksum("sha256:" + sum);
    const auto result = client_.download(files_.url(0), folder / "x", options).result(watchdog);
    EXPECT_TRUE(contents(result.path) == content);
}

TEST_F(HttpLargeFiles, KeepToTheRateInSegmentsToo)
{
    client slow({.max_rate = 2'000'000});
    const auto began = std::chrono::steady_clock::now();
    slow.download(files_.url(0), folder / "x", in(4)).result(watchdog);
    // 750 ms, less what fits into the first moment and what the last reads need not wait for.
    EXPECT_GE(std::chrono::steady_clock::now() - began, 450ms);
    EXPECT_TRUE(contents(folder / "x") == content);
}

TEST_F(HttpLargeFiles, GoOnWithTheirGapsAfterAStop)
{
    request_options options = in(4);
    options.file.resume = true;
    for (int i = 0; i < 5; ++i) {
        files_.wait_sent(0);
        auto part = client_.download(files_.url(0), folder / "x", options);
        files_.wait_sent(400'000);
        part.request_stop();
        try {
            part.result(watchdog);
        } catch (const cancelled_error&) {
        }
    }
    files_.take_requests();
    const auto result = client_.download(files_.url(0), folder / "x", options).result(watchdog);
    EXPECT_TRUE(contents(folder / "x") == content);
    EXPECT_EQ(result.size, content.size());
    EXPECT_EQ(files(), 1u);
}

} // namespace

} // namespace cofutures::http
