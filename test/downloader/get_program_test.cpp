// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "serve/flag_images.hpp"
#include "serve/flag_server.hpp"
#include "support/program.hpp"
#include "support/scripted_server.hpp"
#include "support/terminal_program.hpp"
#include "support/tls_server.hpp"

#include <boost/json/src.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using cofutures::test::certificates;
using cofutures::test::program;
using cofutures::test::program_result;
using cofutures::test::refused_port;
using cofutures::test::run_redirected;
using cofutures::test::scripted_connection;
using cofutures::test::scripted_server;
using cofutures::test::terminal_program;
using cofutures::test::tls_connection;
using cofutures::test::tls_server;

std::string content_of(const fs::path& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::set<std::string> files_below(const fs::path& folder)
{
    std::set<std::string> names;
    for (const auto& each : fs::recursive_directory_iterator(folder)) {
        if (!each.is_directory()) {
            names.insert(fs::relative(each.path(), folder).string());
        }
    }
    return names;
}

// Returns as soon as the file is there.
void wait_for_file(const fs::path& folder, const std::string& name)
{
    const int events = ::inotify_init1(IN_CLOEXEC);
    ASSERT_GE(::inotify_add_watch(events, folder.c_str(), IN_CREATE | IN_MOVED_TO), 0);
    while (!fs::exists(folder / name)) {
        pollfd ready{events, POLLIN, 0};
        ASSERT_EQ(::poll(&ready, 1, 10'000), 1) << name << " did not come";
        char buffer[4096];
        ASSERT_GT(::read(events, buffer, sizeof buffer), 0);
    }
    ::close(events);
}

class Get : public testing::Test {
protected:
    fs::path folder() const { return downloader.folder(); }

    void write_list(const std::string& text) const { std::ofstream(folder() / "list") << text; }

    std::string url_of(const std::string& code) const
    {
        return flags.base_url() + "/" + code + "/" + code + ".png";
    }

    const downloader::flag_images images{"generated"};
    const downloader::flag_server flags{{}, images};
    program downloader{DOWNLOADER};
};

TEST_F(Get, FetchesUrls)
{
    const program_result result = downloader.run({"get", url_of("br"), url_of("cn")});

    EXPECT_EQ(result.status, 0);
    EXPECT_TRUE(std::regex_match(result.out,
                                 std::regex("(br|cn).png [0-9.]+ k?B\n(br|cn).png [0-9.]+ k?B\n"
                                            "2 files downloaded \\([0-9.]+ k?B\\) in [0-9.]+s\n")))
        << result.out;
    EXPECT_EQ(result.err, "");
    EXPECT_EQ(files_below(folder()), (std::set<std::string>{"br.png", "cn.png"}));
    EXPECT_EQ(content_of(folder() / "br.png"), *images.find("br"));
}

TEST_F(Get, FetchesAListAndNamesTheLinesThatAreWrong)
{
    write_list("# flags\n\n" + url_of("us") + "\n" + url_of("de") + " sub/de.png\r\n" +
               url_of("fr") + " us.png\n" + url_of("fr") + " ../fr.png\n" + url_of("zz") +
               "\nfr.png\n" + url_of("it"));
    const program_result result = downloader.run({"get", "-i", "list", "-o", "out", "-j", "1"});

    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(files_below(folder() / "out"),
              (std::set<std::string>{"us.png", "sub/de.png", "it.png"}));
    EXPECT_EQ(content_of(folder() / "out/sub/de.png"), *images.find("de"));
    EXPECT_EQ(result.err,
              "*** list:5: " + url_of("fr") +
                  ": the name 'us.png' is taken by list:3; give another one\n"
                  "*** list:6: " +
                  url_of("fr") +
                  ": the name '../fr.png' is not one below the output folder: no part of it may be "
                  "'..'\n"
                  "*** list:7: " +
                  url_of("zz") +
                  ": HTTP 404 Not Found\n"
                  "*** list:8: fr.png: not a valid URL: expected something like "
                  "http://host/path\n");
    EXPECT_NE(result.out.find("3 files downloaded"), std::string::npos) << result.out;
    EXPECT_NE(result.out.find("s, 4 failed\n"), std::string::npos) << result.out;
}

TEST_F(Get, KeepsWhatIsThere)
{
    std::ofstream(folder() / "br.png") << "mine";
    const program_result kept = downloader.run({"get", url_of("br"), url_of("cn"), "-v"});

    EXPECT_EQ(kept.status, 0);
    EXPECT_EQ(content_of(folder() / "br.png"), "mine");
    EXPECT_TRUE(kept.out.starts_with("br.png is there already\ncn.png ")) << kept.out;
    EXPECT_TRUE(kept.out.ends_with("s, 1 kept\n")) << kept.out;
    EXPECT_EQ(flags.answered(), 1u);

    EXPECT_EQ(downloader.run({"get", url_of("br"), "--overwrite"}).status, 0);
    EXPECT_EQ(content_of(folder() / "br.png"), *images.find("br"));
}

TEST_F(Get, KeepsWhatAppearsMeanwhile)
{
    scripted_server server;
    downloader.start({"get", server.url("/x"), "-v"});
    scripted_connection connection = server.accept();
    connection.read_request();
    std::ofstream(folder() / "x") << "mine";
    connection.write_ok("theirs");
    const program_result kept = downloader.wait();

    EXPECT_EQ(kept.status, 0) << kept.err;
    EXPECT_EQ(content_of(folder() / "x"), "mine");
    EXPECT_EQ(files_below(folder()), std::set<std::string>{"x"});
    EXPECT_TRUE(kept.out.starts_with("x is there already\n")) << kept.out;
}

// A list that is written while the program reads it.
class growing_list {
public:
    explicit growing_list(const fs::path& path)
    {
        if (::mkfifo(path.c_str(), 0600) != 0) {
            throw std::system_error(errno, std::system_category(), path.string());
        }
        // Open for both, so that opening does not wait for the program.
        descriptor_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    }
    ~growing_list() { end(); }

    growing_list(const growing_list&) = delete;
    growing_list& operator=(const growing_list&) = delete;

    void add(const std::string& line) const
    {
        ASSERT_EQ(::write(descriptor_, line.data(), line.size()),
                  static_cast<ssize_t>(line.size()));
    }

    void end()
    {
        if (descriptor_ >= 0) {
            ::close(std::exchange(descriptor_, -1));
        }
    }

private:
    int descriptor_;
};

TEST_F(Get, ReadsStandardInputAsItComes)
{
    program shell("/bin/sh");
    growing_list list(shell.folder() / "fifo");
    shell.start({"-c", "exec \"$0\" get -i - < fifo", DOWNLOADER});
    list.add(url_of("br") + "\n");
    // A program that wanted the whole list first would never say this.
    EXPECT_TRUE(shell.wait_for_line().starts_with("br.png "));
    list.add(url_of("cn"));
    list.end();
    const program_result result = shell.wait();

    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(content_of(shell.folder() / "cn.png"), *images.find("cn"));
    EXPECT_NE(result.out.find("2 files downloaded"), std::string::npos) << result.out;
}

TEST_F(Get, HasNoMoreDownloadsUnderWayThanAsked)
{
    scripted_server server;
    downloader.start({"get", "-j", "2", server.url("/a"), server.url("/b"), server.url("/c")});
    scripted_connection first = server.accept();
    scripted_connection second = server.accept();
    const std::string asked = first.read_request() + second.read_request();
    EXPECT_EQ(asked.find("GET /c"), std::string::npos) << asked;
    first.write_ok("1");
    // The third comes over a connection that is free.
    EXPECT_TRUE(first.read_request().starts_with("GET /c "));
    first.write_ok("3");
    second.write_ok("2");

    EXPECT_EQ(downloader.wait().status, 0);
}

TEST_F(Get, HasNoMoreConnectionsToAServerThanAsked)
{
    scripted_server server;
    downloader.start({"get", "--per-host", "1", server.url("/a"), server.url("/b")});
    scripted_connection only = server.accept();
    for (int i = 0; i < 2; ++i) {
        only.read_request();
        only.write_ok("x");
    }

    EXPECT_EQ(downloader.wait().status, 0);
}

TEST_F(Get, CountsEachKindOfFailureAndGoesOn)
{
    const refused_port nobody;
    scripted_server server;
    std::ofstream(folder() / "file") << "in the way";
    fs::create_directory(folder() / "folder");
    write_list("http://127.0.0.1:" + std::to_string(nobody.port()) + "/refused\n" +
               server.url("/short") + "\n" + url_of("br") + " file/br\n" + url_of("cn") +
               " folder\n" + url_of("it") + "\n");
    downloader.start({"get", "-i", "list", "--retries", "0"});
    {
        scripted_connection connection = server.accept();
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    }
    const program_result result = downloader.wait();

    EXPECT_EQ(result.status, 1);
    for (const char* problem : {"/refused: Connection refused\n",
                                "*** list:2: http://127.0.0.1:",
                                "cannot make the folder 'file': Not a directory\n",
                                "'folder' is there and is not a file\n"}) {
        EXPECT_NE(result.err.find(problem), std::string::npos) << problem << result.err;
    }
    EXPECT_NE(result.out.find("1 file downloaded"), std::string::npos) << result.out;
    EXPECT_TRUE(result.out.ends_with("s, 4 failed\n")) << result.out;
    EXPECT_EQ(files_below(folder()), (std::set<std::string>{"file", "it.png", "list"}));
}

TEST_F(Get, EndsOnCtrlCAndLeavesNoPartialFile)
{
    scripted_server server;
    downloader.start(
        {"get", "-j", "2", server.url("/whole"), server.url("/half"), server.url("/later")});
    scripted_connection first = server.accept();
    scripted_connection second = server.accept();
    for (scripted_connection* each : {&first, &second}) {
        if (each->read_request().starts_with("GET /whole ")) {
            each->write_ok("all of it");
            EXPECT_TRUE(each->read_request().starts_with("GET /later "));
        } else {
            each->write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        }
    }
    downloader.signal(SIGINT);
    const program_result result = downloader.wait();

    EXPECT_EQ(result.status, 130);
    EXPECT_TRUE(result.out.ends_with("s, 2 interrupted\n")) << result.out;
    EXPECT_EQ(files_below(folder()), std::set<std::string>{"whole"});
}

TEST_F(Get, EndsOnCtrlCWhileALookUpHangs)
{
    if (std::string(HANGING_LOOKUP).empty()) {
        GTEST_SKIP() << "sanitizers want to be loaded before what this test preloads";
    }
    const std::vector<std::string> get{"get", "http://hangs.test/x"};
    const std::vector<std::string> some_flags{"flags", "BR", "-s", "http://hangs.test"};
    for (const auto& arguments : {get, some_flags}) {
        downloader.start(arguments, {{"LD_PRELOAD", HANGING_LOOKUP}});
        EXPECT_EQ(downloader.wait_for_line(), "looking up hangs.test");
        downloader.signal(SIGINT);
        const program_result result = downloader.wait();
        EXPECT_EQ(result.status, 130);
        EXPECT_NE(result.out.find("1 interrupted"), std::string::npos) << result.out;
    }
}

TEST_F(Get, ReportsWhatCtrlCLeftAndGoesOnThere)
{
    scripted_server server;
    const std::vector<std::string> arguments = {"get",
                                                "--resume",
                                                "--json",
                                                "report",
                                                "-j1",
                                                server.url("/a"),
                                                server.url("/b"),
                                                server.url("/c")};
    const std::string begin(300'000, 'x'); // more than is collected before it is written
    downloader.start(arguments);
    {
        scripted_connection connection = server.accept();
        connection.read_request();
        connection.write_ok("done");
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: 300001\r\n\r\n" +
                         begin);
        EXPECT_EQ(downloader.wait_for_line(), "a 4 B");
        // The part is there as soon as the first of it is written.
        wait_for_file(folder(), ".b.part-info");
        downloader.signal(SIGINT);
        EXPECT_EQ(downloader.wait().status, 130);
    }
    const boost::json::object report =
        boost::json::parse(content_of(folder() / "report")).as_object();
    EXPECT_EQ(report.at("exit_status"), 130);
    EXPECT_EQ(report.at("files").at(0).at("outcome"), "downloaded");
    EXPECT_EQ(report.at("files").at(1).at("outcome"), "interrupted");
    EXPECT_EQ(report.at("files").at(1).at("path"), "b");

    downloader.start(arguments);
    scripted_connection connection = server.accept();
    const std::string request = connection.read_request();
    const std::size_t at = request.find("\r\nRange: bytes=");
    ASSERT_TRUE(request.starts_with("GET /b ") && at != std::string::npos) << request;
    const std::size_t offset = std::stoul(request.substr(at + 15));
    connection.write("HTTP/1.1 206 Partial Content\r\nETag: \"x\"\r\nContent-Range: bytes " +
                     std::to_string(offset) + "-300000/300001\r\nContent-Length: " +
                     std::to_string(300'001 - offset) + "\r\n\r\n" + begin.substr(offset) + "y");
    connection.read_request();
    connection.write_ok("c");
    EXPECT_EQ(downloader.wait().status, 0);
    EXPECT_EQ(content_of(folder() / "b"), begin + "y");
    EXPECT_EQ(content_of(folder() / "a"), "done");
}

TEST_F(Get, NamesWhatIsNotUtf8InAValidReport)
{
    write_list(url_of("br") + " \xff\x80.png\n");
    EXPECT_EQ(downloader.run({"get", "-q", "-i", "list", "--json", "report", url_of("cn"), "\xff"})
                  .status,
              1);
    EXPECT_TRUE(fs::exists(folder() / "\xff\x80.png"));
    std::set<std::string> paths;
    const boost::json::value report = boost::json::parse(content_of(folder() / "report"));
    for (const boost::json::value& file : report.at("files").as_array()) {
        if (file.at("path").is_string()) {
            paths.insert(std::string(file.at("path").as_string()));
        }
    }
    EXPECT_EQ(paths, (std::set<std::string>{"cn.png", "\xef\xbf\xbd\xef\xbf\xbd.png"}));
}

TEST_F(Get, EndsOnCtrlCWhileItWaitsForItsList)
{
    growing_list list(folder() / "list");
    downloader.start({"get", "-i", "list"});
    list.add(url_of("br") + "\n" + url_of("cn"));
    downloader.wait_for_line();
    downloader.signal(SIGTERM);
    const program_result result = downloader.wait();

    EXPECT_EQ(result.status, 130) << result.err;
    EXPECT_NE(result.out.find("1 file downloaded"), std::string::npos) << result.out;
    EXPECT_FALSE(fs::exists(folder() / "cn.png")) << "its line was not complete";
}

TEST_F(Get, CountsTimeOutsApart)
{
    scripted_server server;
    for (const auto& [option, url, reason] :
         {std::tuple("--idle-timeout", server.url("/a"), "waiting for the server"),
          std::tuple("--timeout", server.url("/a"), "whole request"),
          std::tuple("--connect-timeout", "https" + server.url("/a").substr(4), "TLS")}) {
        SCOPED_TRACE(option);
        downloader.start({"get", url, option, "0.25", "--retries", "0"});
        scripted_connection silent = server.accept();
        const program_result result = downloader.wait();

        EXPECT_EQ(result.status, 1);
        EXPECT_NE(result.err.find(reason), std::string::npos) << result.err;
        EXPECT_TRUE(result.out.ends_with("s, 1 timed out\n")) << result.out;
    }
}

TEST_F(Get, TriesAgainWhatFailedForAPassingReason)
{
    scripted_server server;
    downloader.start({"get", "-v", "--retries", "1", server.url("/a")});
    scripted_connection connection = server.accept();
    connection.read_request();
    connection.write("HTTP/1.1 503 Later\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n");
    connection.read_request();
    connection.write_ok("x");
    const program_result late = downloader.wait();
    EXPECT_EQ(late.status, 0);
    EXPECT_NE(late.out.find(", 2 tries\n"), std::string::npos) << late.out;

    downloader.start({"get", "--overwrite", "--retries", "0", server.url("/a")});
    scripted_connection other = server.accept();
    other.read_request();
    other.write("HTTP/1.1 503 Later\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(downloader.wait().status, 1);
}

TEST_F(Get, ResumesWhatWasCutShort)
{
    scripted_server server;
    downloader.start({"get", "--resume", "--retries", "0", server.url("/a")});
    {
        scripted_connection connection = server.accept();
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: 8\r\n\r\nhalf");
    }
    EXPECT_EQ(downloader.wait().status, 1);
    EXPECT_FALSE(fs::exists(folder() / "a"));

    downloader.start({"get", "--resume", "-v", server.url("/a")});
    scripted_connection connection = server.accept();
    const std::string request = connection.read_request();
    EXPECT_NE(request.find("\r\nRange: bytes=4-\r\n"), std::string::npos) << request;
    connection.write("HTTP/1.1 206 Partial Content\r\nETag: \"x\"\r\n"
                     "Content-Range: bytes 4-7/8\r\nContent-Length: 4\r\n\r\nmore");
    const program_result result = downloader.wait();

    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(content_of(folder() / "a"), "halfmore");
    EXPECT_NE(result.out.find(", resumed at 4 B\n"), std::string::npos) << result.out;
    EXPECT_EQ(files_below(folder()), std::set<std::string>{"a"});
}

TEST_F(Get, ChecksWhatTheFilesAddUpTo)
{
    // sha256 of "abc", and md5 of "x".
    const std::string abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const std::string x = "9dd4e461268c8034f5c8564e155c67a6";
    scripted_server server;
    write_list(server.url("/a") + " - sha256:" + abc + "\n" + server.url("/b") + " c md5:" + x +
               "\n" + server.url("/d") + " d nonsense\n");
    downloader.start({"get", "-i", "list", "-j", "1"});
    scripted_connection connection = server.accept();
    for (int i = 0; i < 2; ++i) {
        connection.read_request();
        connection.write_ok("abc");
    }
    const program_result result = downloader.wait();

    EXPECT_EQ(result.status, 1);
    EXPECT_TRUE(result.out.find("s, 2 failed\n") != std::string::npos) << result.out;
    EXPECT_NE(result.err.find("*** list:2: "), std::string::npos) << result.err;
    EXPECT_NE(result.err.find("*** list:3: "), std::string::npos) << result.err;
    EXPECT_EQ(files_below(folder()), (std::set<std::string>{"a", "list"}));

    const program_result again = downloader.run({"get", "--checksum", abc, server.url("/a")});
    EXPECT_TRUE(again.out.ends_with(", 1 kept\n")) << again.out;
}

TEST_F(Get, FetchesAgainWhatIsThereAndDoesNotAddUp)
{
    std::ofstream(folder() / "sums")
        << "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a\n";
    std::ofstream(folder() / "a") << "abd";
    scripted_server server;
    const std::vector<std::string> arguments = {
        "get", "--checksums", "sums", server.url("/a"), server.url("/b")};
    downloader.start(arguments);
    scripted_connection connection = server.accept();
    connection.read_request();
    connection.write_ok("abc");
    const program_result result = downloader.wait();

    EXPECT_EQ(content_of(folder() / "a"), "abc");
    EXPECT_EQ(result.err, "*** " + server.url("/b") + ": 'sums' has no checksum for 'b'\n");
    EXPECT_TRUE(downloader.run(arguments).out.ends_with("s, 1 kept, 1 failed\n"));
    EXPECT_EQ(downloader.run({"get", "--checksums", "none", server.url("/a")}).status, 2);
}

std::string named(const std::string& name)
{
    return "Content-Disposition: attachment; filename=\"" + name + "\"\r\n";
}

TEST_F(Get, LetsServersNameFiles)
{
    scripted_server server;
    write_list(server.url("/get?id=1") + "\n" + server.url("/get?id=2") + "\n" +
               server.url("/get?id=3") + " mine.txt\n" + server.url("/get?id=4") + "\n");
    const std::vector<std::string> arguments = {
        "get", "-i", "list", "--content-disposition", "-j", "1", "-v", "-o", "out"};
    downloader.start(arguments);
    {
        scripted_connection connection = server.accept();
        for (const char* name : {"one.txt", "../two.txt", "three.txt", ".."}) {
            connection.read_request();
            connection.write_ok("text", named(name));
        }
    }
    const program_result first = downloader.wait();

    EXPECT_EQ(first.status, 0) << first.err;
    EXPECT_EQ(files_below(folder() / "out"),
              (std::set<std::string>{"one.txt", "two.txt", "mine.txt", "get"}));
    EXPECT_NE(first.out.find("two.txt 4 B"), std::string::npos) << first.out;

    // The servers are asked again, except for what has a name of its own.
    fs::remove(folder() / "out" / "two.txt");
    downloader.start(arguments);
    scripted_connection connection = server.accept();
    for (const char* name : {"one.txt", "../two.txt", ".."}) {
        connection.read_request();
        connection.write_ok("new", named(name));
    }
    const program_result second = downloader.wait();
    EXPECT_EQ(second.status, 0) << second.err;
    EXPECT_NE(second.out.find("1 file downloaded"), std::string::npos) << second.out;
    EXPECT_TRUE(second.out.ends_with("s, 3 kept\n")) << second.out;
    EXPECT_EQ(content_of(folder() / "out" / "one.txt"), "text");
    EXPECT_EQ(content_of(folder() / "out" / "two.txt"), "new");
}

TEST_F(Get, LetsNoServerNameTwoFilesAlike)
{
    scripted_server server;
    for (int run = 0; run < 2; ++run) {
        downloader.start({"get",
                          "--content-disposition",
                          "-j",
                          "1",
                          "--json",
                          "report",
                          server.url("/a"),
                          server.url("/b")});
        scripted_connection connection = server.accept();
        connection.read_request();
        connection.write_ok("a", named("same"));
        connection.read_request();
        connection.write_ok("b", named("same"));
        const program_result result = downloader.wait();

        EXPECT_EQ(result.status, 1);
        EXPECT_EQ(result.err,
                  "*** " + server.url("/b") +
                      ": the name 'same' is taken by another file of this run\n");
        EXPECT_EQ(content_of(folder() / "same"), "a");
        const auto report = boost::json::parse(content_of(folder() / "report"));
        EXPECT_EQ(report.at("files").at(0).at("path").as_string(), "same");
        EXPECT_EQ(report.at("files").at(0).at("outcome").as_string(),
                  run == 0 ? "downloaded" : "kept");
    }
    // Parts are named after URLs.
    const program_result parts = downloader.run(
        {"get", "--content-disposition", "--resume", "--dry-run", "http://h/a", "http://i/a"});
    EXPECT_NE(parts.err.find("the name 'a' is taken by URL 1"), std::string::npos) << parts.err;
}

TEST_F(Get, ChecksWhatIsThereUnderAServersName)
{
    const std::string sum = "md5:9dd4e461268c8034f5c8564e155c67a6"; // of "x"
    scripted_server server;
    for (const char* const there : {"x", "y"}) {
        SCOPED_TRACE(there);
        std::ofstream(folder() / "same") << there;
        downloader.start({"get", "--content-disposition", "--checksum", sum, server.url("/a")});
        scripted_connection connection = server.accept();
        connection.read_request();
        connection.write_ok("x", named("same"));
        const program_result result = downloader.wait();

        EXPECT_EQ(result.status, *there == 'x' ? 0 : 1);
        EXPECT_EQ(content_of(folder() / "same"), there);
        EXPECT_EQ(files_below(folder()), std::set<std::string>{"same"});
    }
}

TEST_F(Get, SendsHeaders)
{
    scripted_server server;
    downloader.start(
        {"get", "--header", "X-Asked: yes", "--header", "Accept: image/*", server.url("/a")});
    scripted_connection connection = server.accept();
    const std::string request = connection.read_request();
    connection.write_ok("x");

    EXPECT_NE(request.find("\r\nX-Asked: yes\r\n"), std::string::npos) << request;
    EXPECT_NE(request.find("\r\nAccept: image/*\r\n"), std::string::npos) << request;
    EXPECT_EQ(downloader.wait().status, 0);
}

TEST_F(Get, TrustsTheAuthorityItIsGiven)
{
    const certificates identity;
    identity.save_authority(folder() / "ca.pem");
    scripted_server server;
    const std::string url = "https" + server.url("/a").substr(4);
    downloader.start({"get", "--cacert", "ca.pem", url});
    {
        tls_connection connection(server.accept(), identity);
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
        EXPECT_EQ(downloader.wait().status, 0);
    }

    downloader.start({"get", "--overwrite", url});
    EXPECT_THROW(tls_connection(server.accept(), identity), std::runtime_error);
    const program_result refused = downloader.wait();
    EXPECT_EQ(refused.status, 1);
    EXPECT_NE(refused.err.find("certificate"), std::string::npos) << refused.err;
}

TEST_F(Get, TrustsAnybodyIfTold)
{
    const certificates identity;
    scripted_server server;
    downloader.start({"get", "--insecure", "https" + server.url("/a").substr(4)});
    tls_connection connection(server.accept(), identity);
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    EXPECT_EQ(downloader.wait().status, 0);
}

TEST_F(Get, ShowsItsCertificate)
{
    const certificates identity;
    identity.save_authority(folder() / "ca.pem");
    identity.save_certificate(folder() / "me.pem");
    identity.save_key(folder() / "key.pem");
    const tls_server asking(identity, {.asks_for_client = true});
    scripted_server server;
    downloader.start({"get",
                      "--cacert",
                      "ca.pem",
                      "--cert",
                      "me.pem",
                      "--key",
                      "key.pem",
                      "https" + server.url("/a").substr(4)});
    tls_connection connection(server.accept(), asking);
    connection.read_request();
    EXPECT_EQ(connection.client_name(), "test server");
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    EXPECT_EQ(downloader.wait().status, 0);
}

TEST_F(Get, SaysWhoAsks)
{
    // "me:secret" in base 64.
    const std::string field = "\r\nAuthorization: Basic bWU6c2VjcmV0\r\n";
    std::ofstream(folder() / ".netrc") << "machine 127.0.0.1 login me password secret\n";
    const std::vector<std::vector<std::string>> ways = {
        {"--user", "me:secret"}, {"--netrc"}, {"--netrc-file", ".netrc"}};
    for (const auto& way : ways) {
        SCOPED_TRACE(way.front());
        scripted_server server;
        scripted_server other;
        std::vector<std::string> arguments = {"get", "--overwrite", server.url("/a")};
        arguments.insert(arguments.end(), way.begin(), way.end());
        downloader.start(arguments, {{"HOME", folder().string()}});
        scripted_connection connection = server.accept();
        std::string request = connection.read_request();
        EXPECT_NE(request.find(field), std::string::npos) << request;
        connection.write("HTTP/1.1 302 There\r\nContent-Length: 0\r\nLocation: " +
                         other.url("/b", "localhost") + "\r\n\r\n");
        scripted_connection elsewhere = other.accept();
        request = elsewhere.read_request();
        EXPECT_EQ(request.find("Authorization"), std::string::npos) << request;
        elsewhere.write_ok("x");
        EXPECT_EQ(downloader.wait().status, 0);
    }

    const std::map<std::string, std::string> nobody = {{"HOME", "/nowhere"}};
    const program_result none = downloader.run({"get", "--netrc", "http://h/"}, nobody);
    EXPECT_EQ(none.status, 2);
    EXPECT_NE(none.err.find("'/nowhere/.netrc'"), std::string::npos) << none.err;
    std::ofstream(folder() / ".netrc") << "machine";
    const program_result malformed = downloader.run({"get", "--netrc-file", ".netrc", "http://h/"});
    EXPECT_EQ(malformed.status, 2);
    EXPECT_NE(malformed.err.find(".netrc"), std::string::npos) << malformed.err;
}

TEST_F(Get, LooksForServersWhereItIsTold)
{
    scripted_server server;
    downloader.start(
        {"get", "--resolve", "somewhere.example:127.0.0.1", server.url("/a", "somewhere.example")});
    scripted_connection connection = server.accept();
    EXPECT_NE(connection.read_request().find("\r\nHost: somewhere.example:"), std::string::npos);
    connection.write_ok("x");
    EXPECT_EQ(downloader.wait().status, 0);

    const program_result no_socket =
        downloader.run({"get", "--retries", "0", "--unix-socket", "none", "http://h/b"});
    EXPECT_EQ(no_socket.status, 1);
    EXPECT_NE(no_socket.err.find("No such file"), std::string::npos) << no_socket.err;
}

TEST_F(Get, GoesThroughAProxy)
{
    const scripted_server nobody;
    for (const bool by_option : {true, false}) {
        scripted_server proxy;
        if (by_option) {
            downloader.start({"get", "--overwrite", "--proxy", proxy.url(""), "http://far/a"},
                             {{"http_proxy", nobody.url("")}});
        } else {
            downloader.start({"get", "--overwrite", "http://far/a"},
                             {{"http_proxy", proxy.url("")}});
        }
        scripted_connection connection = proxy.accept();
        EXPECT_TRUE(connection.read_request().starts_with("GET http://far/a HTTP/1.1\r\n"));
        connection.write_ok("x");
        EXPECT_EQ(downloader.wait().status, 0);
    }

    scripted_server server;
    downloader.start({"get",
                      "--overwrite",
                      "--proxy",
                      nobody.url(""),
                      "--no-proxy",
                      "b,127.0.0.1",
                      server.url("/a")});
    scripted_connection direct = server.accept();
    EXPECT_TRUE(direct.read_request().starts_with("GET /a HTTP/1.1\r\n"));
    direct.write_ok("x");
    EXPECT_EQ(downloader.wait().status, 0);

    EXPECT_EQ(downloader.run({"get", "http://h/"}, {{"http_proxy", "ftp://h"}}).status, 2);
}

TEST_F(Get, FollowsOnlySoManyRedirects)
{
    scripted_server server;
    downloader.start({"get", "--max-redirects", "1", server.url("/a")});
    scripted_connection connection = server.accept();
    for (int i = 0; i < 2; ++i) {
        connection.read_request();
        connection.write("HTTP/1.1 302 There\r\nContent-Length: 0\r\nLocation: /b\r\n\r\n");
    }
    const program_result result = downloader.wait();
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err.find("redirect"), std::string::npos) << result.err;
}

TEST_F(Get, GivesUpWhatIsTooSlow)
{
    scripted_server server;
    downloader.start({"get",
                      "--min-speed",
                      "1k",
                      "--min-speed-time",
                      "0.1",
                      "--retries",
                      "0",
                      server.url("/a")});
    scripted_connection connection = server.accept();
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx");
    const program_result result = downloader.wait();
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err.find("slow"), std::string::npos) << result.err;
    EXPECT_TRUE(files_below(folder()).empty());
}

TEST_F(Get, ReadsNoFasterThanAsked)
{
    for (const char* option : {"--limit-rate", "--limit-rate-per-host"}) {
        scripted_server server;
        const auto begin = std::chrono::steady_clock::now();
        downloader.start({"get", "--overwrite", option, "20k", server.url("/a")});
        scripted_connection connection = server.accept();
        connection.read_request();
        connection.write_ok(std::string(40'000, 'x'));
        EXPECT_EQ(downloader.wait().status, 0);
        // What came within the first second may have come at once.
        EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(500))
            << option;
    }
}

TEST_F(Get, DoesNotTakeItsOwnSlownessForTheServers)
{
    scripted_server slow;
    scripted_server quick;
    scripted_server silent;
    downloader.start({"get",
                      "-j2",
                      "--limit-rate-per-host",
                      "1",
                      "--idle-timeout",
                      "0.3",
                      "--retries",
                      "0",
                      slow.url("/slow"),
                      quick.url("/quick"),
                      silent.url("/silent"),
                      silent.url("/silent_too"),
                      silent.url("/last")});
    scripted_connection first = slow.accept();
    first.read_request();
    first.write_ok(std::string(10'000, 'x'));
    scripted_connection second = quick.accept();
    second.read_request();
    second.write_ok("done");
    // By the time that these have been silent for too long, the first one has waited twice as long.
    for (int i = 0; i != 2; ++i) {
        scripted_connection connection = silent.accept();
        connection.read_request();
        connection.expect_closed();
    }
    const scripted_connection last = silent.accept();
    downloader.signal(SIGINT);
    const program_result result = downloader.wait();
    EXPECT_NE(result.err.find("/silent: timed out"), std::string::npos) << result.err;
    EXPECT_EQ(result.err.find("/slow: timed out"), std::string::npos) << result.err;
}

TEST_F(Get, ReplacesWhatIsOlder)
{
    scripted_server server;
    const std::string url = server.url("/a");
    scripted_connection connection = [&] {
        downloader.start({"get", "--file-times", url});
        return server.accept();
    }();
    connection.read_request();
    connection.write_ok("old", "Last-Modified: Thu, 01 Jan 2015 00:00:00 GMT\r\n");
    EXPECT_EQ(downloader.wait().status, 0);
    struct stat status {};
    ASSERT_EQ(::stat((folder() / "a").c_str(), &status), 0);
    EXPECT_EQ(status.st_mtim.tv_sec, 1'420'070'400);

    downloader.start({"get", "--newer", url});
    scripted_connection second = server.accept();
    EXPECT_NE(
        second.read_request().find("\r\nIf-Modified-Since: Thu, 01 Jan 2015 00:00:00 GMT\r\n"),
        std::string::npos);
    second.write("HTTP/1.1 304 Not Modified\r\n\r\n");
    const program_result same = downloader.wait();
    EXPECT_EQ(same.status, 0) << same.err;
    EXPECT_TRUE(same.out.ends_with("s, 1 kept\n")) << same.out;
    EXPECT_EQ(content_of(folder() / "a"), "old");

    downloader.start({"get", "--newer", url});
    scripted_connection third = server.accept();
    third.read_request();
    third.write_ok("new", "Last-Modified: Fri, 02 Jan 2015 00:00:00 GMT\r\n");
    EXPECT_EQ(downloader.wait().status, 0);
    EXPECT_EQ(content_of(folder() / "a"), "new");
}

TEST_F(Get, OnlySaysWhatItWouldDo)
{
    std::ofstream(folder() / "br.png") << "mine";
    const program_result result =
        downloader.run({"get", "--dry-run", "-o", ".", url_of("br"), url_of("cn"), "x"});

    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.out,
              "cn.png would come from " + url_of("cn") +
                  "\n1 file would be downloaded, 1 kept, 1 failed\n");
    EXPECT_EQ(result.err, "*** x: not a valid URL: expected something like http://host/path\n");
    EXPECT_EQ(flags.answered(), 0u);
    EXPECT_EQ(files_below(folder()), std::set<std::string>{"br.png"});
}

TEST_F(Get, WritesAReport)
{
    const program_result result = downloader.run({"get", "--json", "report", url_of("br")});
    EXPECT_EQ(result.status, 0);
    const std::string report = content_of(folder() / "report");
    EXPECT_TRUE(report.starts_with("{\"files\": [\n{\"url\": \"" + url_of("br") +
                                   "\", \"place\": null, \"path\": \"br.png\", "
                                   "\"outcome\": \"downloaded\", "))
        << report;
    EXPECT_TRUE(report.ends_with("\"exit_status\": 0}\n")) << report;

    const program_result printed = downloader.run({"get", "--json", "-", url_of("zz")});
    EXPECT_TRUE(printed.out.starts_with("{\"files\": [")) << printed.out;
    EXPECT_TRUE(printed.out.ends_with("\"exit_status\": 1}\n")) << printed.out;
    EXPECT_NE(printed.err.find("0 files downloaded"), std::string::npos) << printed.err;

    EXPECT_EQ(downloader.run({"get", "--json", "no/such/report", url_of("br")}).status, 2);
}

TEST_F(Get, ReadsAListOfAnyLengthInTheSameMemory)
{
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the sanitizer keeps freed memory for a while";
#endif
    // Names are remembered up to a number that takes long to reach; RecentNames tests that bound.
    const auto peak_after = [this](int lines) {
        std::ofstream list(folder() / "list");
        for (int i = 0; i < lines; ++i) {
            list << "http://127.0.0.1:1/" << i << " ..\n";
        }
        list.close();
        program shell("/bin/sh");
        EXPECT_EQ(shell
                      .run({"-c",
                            "exec \"$0\" get -q -i \"$1\" 2> /dev/null",
                            DOWNLOADER,
                            (folder() / "list").string()})
                      .status,
                  1);
        rusage usage{};
        EXPECT_EQ(::getrusage(RUSAGE_CHILDREN, &usage), 0);
        return usage.ru_maxrss; // in KiB, the greatest of all children so far
    };
    const long short_list = peak_after(10'000);
    const long long_list = peak_after(200'000);

    EXPECT_LE(long_list, short_list + 1024);
}

TEST_F(Get, ShowsWhatIsUnderWayOnATerminal)
{
    if (!terminal_program::possible()) {
        GTEST_SKIP() << "no terminals can be made here: /dev/pts is not mounted";
    }
    scripted_server server;
    terminal_program shown(DOWNLOADER, folder());
    shown.start({"get", server.url("/slow.bin"), url_of("br"), url_of("zz")});
    scripted_connection connection = server.accept();
    connection.read_request();
    // The finished file is counted, the unfinished one has its line, the failure stays above.
    ASSERT_TRUE(shown.wait_for("slow.bin +0 B +0:00\r\n2 of 3 files, 1 failed, [0-9.]+ k?B"))
        << shown.output();
    connection.write_ok("done");

    EXPECT_EQ(shown.wait(), 1) << shown.output();
    EXPECT_NE(shown.output().find("*** " + url_of("zz") + ": HTTP 404 Not Found\r\n"),
              std::string::npos)
        << shown.output();
    EXPECT_EQ(shown.output().find("br.png"), std::string::npos) << "the display says enough";
    EXPECT_TRUE(std::regex_search(
        shown.output(),
        std::regex("\x1b\\[J2 files downloaded \\([0-9.]+ k?B\\) in [0-9.]+s, 1 failed\r\n$")))
        << shown.output();
}

TEST_F(Get, DrawsNothingWhereItIsNotWanted)
{
    if (!terminal_program::possible()) {
        GTEST_SKIP() << "no terminals can be made here: /dev/pts is not mounted";
    }
    for (const auto& [option, terminal] : {std::pair("-q", "xterm"), std::pair("-v", "dumb")}) {
        terminal_program shown(DOWNLOADER, folder());
        shown.start({"get", "--overwrite", option, url_of("br")}, terminal);
        EXPECT_EQ(shown.wait(), 0);
        EXPECT_EQ(shown.output().find('\x1b'), std::string::npos) << shown.output();
    }
}

TEST_F(Get, TakesCtrlCFromTheTerminal)
{
    if (!terminal_program::possible()) {
        GTEST_SKIP() << "no terminals can be made here: /dev/pts is not mounted";
    }
    scripted_server server;
    terminal_program shown(DOWNLOADER, folder());
    shown.start({"get", server.url("/a")});
    scripted_connection connection = server.accept();
    connection.read_request();
    shown.type("\x03");

    EXPECT_EQ(shown.wait(), 130);
    EXPECT_TRUE(shown.output().ends_with("s, 1 interrupted\r\n")) << shown.output();
}

TEST_F(Get, SaysOnlyWhatFailedWhenQuiet)
{
    const program_result result = downloader.run({"get", "-q", url_of("br"), url_of("zz")});

    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, "*** " + url_of("zz") + ": HTTP 404 Not Found\n");
}

TEST_F(Get, LeavesNothingWhenNobodyReadsItsLogAnyMore)
{
    scripted_server server;
    ASSERT_EQ(::mkfifo((folder() / "log").c_str(), 0600), 0);
    const int reader = ::open((folder() / "log").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    program shell("/bin/sh");
    shell.start({"-c",
                 "exec \"$0\" get -o \"$1\"/out \"$2\" \"$3\" > \"$1\"/log",
                 DOWNLOADER,
                 folder().string(),
                 server.url("/a"),
                 server.url("/b")});
    scripted_connection connection = server.accept();
    scripted_connection other = server.accept();
    ::close(reader);
    const bool first_is_a = connection.read_request().starts_with("GET /a ");
    other.read_request();
    (first_is_a ? other : connection).write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nb");
    (first_is_a ? connection : other).write_ok("a");
    const program_result result = shell.wait();

    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err, "*** cannot write the log: Broken pipe\n");
    EXPECT_EQ(files_below(folder() / "out"), std::set<std::string>{"a"});
}

TEST_F(Get, TakesNoSocketForAStandardStream)
{
    const auto with = [this](const std::string& redirection) {
        program shell("/bin/sh");
        return shell.run(
            {"-c", "exec \"$0\" get -i - \"$1\" " + redirection, DOWNLOADER, url_of("br")});
    };
    const program_result no_input = with("<&-");
    EXPECT_EQ(no_input.status, 1);
    EXPECT_EQ(no_input.err, "*** cannot read 'standard input': Bad file descriptor\n");
    const program_result no_output = with("</dev/null >&-");
    EXPECT_EQ(no_output.status, 1);
    EXPECT_EQ(no_output.err, "*** cannot write the log: Bad file descriptor\n");
    EXPECT_EQ(with("</dev/null 2>&-").status, 0);
}

TEST_F(Get, EndsWhenItsLogCannotBeWritten)
{
    program shell("/bin/sh");
    const program_result result = shell.run(
        {"-c", "exec \"$0\" \"$@\" > /dev/full", DOWNLOADER, "get", url_of("br"), url_of("cn")});

    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err.find("No space left on device"), std::string::npos) << result.err;
}

// A run whose log cannot be written ends early, in order, and says so where it can.
TEST_F(Get, LeavesAWholeReportWhenItsLogCannotBeWritten)
{
    const std::string report_name = (folder() / "report").string();
    const std::vector<std::string> arguments = {
        "get", "-j", "1", "--json", report_name, url_of("zz"), url_of("br"), url_of("cn")};
    for (const std::string redirections : {"2>/dev/full",
                                           "2>&-",
                                           ">/dev/full 2>/dev/full",
                                           ">&- 2>&-",
                                           "<&- >&- 2>&-",
                                           ">/dev/full"}) {
        SCOPED_TRACE(redirections);
        const program_result result = run_redirected(DOWNLOADER, arguments, redirections);

        EXPECT_EQ(result.status, 1) << result.err;
        const boost::json::value report = boost::json::parse(content_of(report_name));
        EXPECT_EQ(report.at("exit_status").to_number<int>(), 1);
        EXPECT_EQ(report.at("files").as_array().at(0).at("outcome").as_string(), "failed");
    }
}

TEST_F(Get, LeavesAWholeReportWhenItsReaderGoesAway)
{
    // The reader takes one line of the log of a run in which everything fails.
    const program_result result = program("/bin/sh").run(
        {"-c",
         "(\"$0\" get -j 1 --json \"$1\" \"$2\" \"$2\" \"$2\" \"$2\" 2>&1; echo $? >\"$1.status\") "
         "| head -1",
         DOWNLOADER,
         (folder() / "report").string(),
         url_of("zz")});

    EXPECT_TRUE(result.out.starts_with("*** ")) << result.out;
    const boost::json::value report = boost::json::parse(content_of(folder() / "report"));
    EXPECT_EQ(content_of(folder() / "report.status"),
              std::to_string(report.at("exit_status").to_number<int>()) + "\n");
    EXPECT_EQ(content_of(folder() / "report.status"), "1\n");
}

TEST_F(Get, FailsWhenItsReportCannotBeWritten)
{
    const program_result full =
        run_redirected(DOWNLOADER, {"get", "--json", "-", url_of("br")}, ">/dev/full 2>/dev/null");
    EXPECT_EQ(full.status, 1);
    EXPECT_EQ(run_redirected(DOWNLOADER, {"get", "--json", "-", url_of("br")}, ">&- 2>&-").status,
              1);
}

TEST_F(Get, NeverTellsAPassword)
{
    write_list("http://ann:s3cr3t@h/x\nhttp://ann:s3c/r3t@h/x name\n");
    const program_result result = downloader.run(
        {"get", "-v", "-i", "list", "http://ann:s3cr3t@h/x", "ftp://ann:s3cr3t@h/", "--json", "-"});

    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.out.find("s3c"), std::string::npos) << result.out;
    EXPECT_EQ(result.err.find("s3c"), std::string::npos) << result.err;
    EXPECT_NE(result.err.find("*** http://***@h/x: "), std::string::npos) << result.err;
    EXPECT_NE(result.out.find("\"url\": \"http://***@h/x\""), std::string::npos) << result.out;
}

TEST_F(Get, ExplainsUsageErrors)
{
    const std::vector<std::vector<std::string>> wrong = {
        {"get"},
        {"get", "-j", "0", "http://h/"},
        {"get", "--per-host", "0", "http://h/"},
        {"get", "-q", "-v", "http://h/"},
        {"get", "-i", "no/such/list"},
        {"get", "--no-such-option", "http://h/"},
    };
    for (const auto& arguments : wrong) {
        const program_result result = downloader.run(arguments);
        EXPECT_EQ(result.status, 2);
        EXPECT_TRUE(result.err.starts_with("*** Usage error: ")) << result.err;
        EXPECT_NE(result.err.find("\nusage: downloader get "), std::string::npos) << result.err;
        EXPECT_EQ(result.out, "");
    }
}

} // namespace
