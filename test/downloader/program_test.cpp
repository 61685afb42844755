// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "support/program.hpp"
#include "support/scripted_server.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using cofutures::test::program;
using cofutures::test::program_result;
using cofutures::test::refused_port;
using cofutures::test::run_redirected;
using cofutures::test::scripted_connection;
using cofutures::test::scripted_server;

constexpr const char* twenty = "BD BR CD CN DE EG ET FR ID IN IR JP MX NG PH PK RU TR US VN";

std::size_t files_in(const fs::path& folder)
{
    return fs::exists(folder) ? static_cast<std::size_t>(std::distance(
                                    fs::directory_iterator(folder), fs::directory_iterator()))
                              : 0;
}

bool matches(const std::string& text, const std::string& pattern)
{
    return std::regex_match(text, std::regex(pattern));
}

std::string sorted_lines(const std::string& text)
{
    std::vector<std::string> lines;
    std::istringstream input(text);
    for (std::string line; std::getline(input, line);) {
        lines.push_back(line);
    }
    std::sort(lines.begin(), lines.end());
    std::string result;
    for (const std::string& line : lines) {
        result += line + "\n";
    }
    return result;
}

class Downloader : public testing::Test {
protected:
    program downloader{DOWNLOADER};
};

TEST_F(Downloader, FetchesTwentyFlagsInOrderWhenSequential)
{
    const program_result result = downloader.run({"flags", "--mode", "sequential"});

    EXPECT_EQ(result.status, 0);
    EXPECT_TRUE(
        matches(result.out, std::string(twenty) + "\n20 flags downloaded in [0-9]+\\.[0-9]{2}s\n"))
        << result.out;
    EXPECT_EQ(result.err, "");
    EXPECT_EQ(files_in(downloader.folder() / "downloaded"), 20u);
}

TEST_F(Downloader, PrintsCodesAsTheyAreSavedInTheOtherModes)
{
    for (const char* mode : {"threads", "coroutines"}) {
        SCOPED_TRACE(mode);
        const program_result result =
            downloader.run({"flags", "--mode", mode, "--verify", "-o", mode});

        EXPECT_EQ(result.status, 0);
        EXPECT_TRUE(matches(result.out,
                            "([A-Z]{2} ){19}[A-Z]{2}\n20 flags downloaded in [0-9.]+s\n"
                            "20 files are byte-identical to what the server holds.\n"))
            << result.out;
        EXPECT_EQ(files_in(downloader.folder() / mode), 20u);
    }
}

TEST_F(Downloader, ComparesTheModesAgainstTheSameDelays)
{
    const program_result result = downloader.run(
        {"flags", "--compare", "-s", "delay", "-l", "4", "--delay-min", "1", "--delay-max", "5"});

    EXPECT_EQ(result.status, 0);
    EXPECT_TRUE(matches(result.out,
                        "sequential:\nBD BR CD CN\n4 flags downloaded in [0-9.]+s\n\n"
                        "threads:\n(.. ){3}..\n4 flags downloaded in [0-9.]+s\n\n"
                        "coroutines:\n(.. ){3}..\n4 flags downloaded in [0-9.]+s\n\n"
                        "mode +flags +connections +time +speed-up\n"
                        "sequential +4 +1 +[0-9.]+s +1.0x\n"
                        "threads +4 +4 +[0-9.]+s +[0-9.]+x\n"
                        "coroutines +4 +4 +[0-9.]+s +[0-9.]+x\n"
                        "12 files are byte-identical to what the server holds.\n"))
        << result.out;
    for (const char* mode : {"sequential", "threads", "coroutines"}) {
        EXPECT_EQ(files_in(downloader.folder() / "downloaded" / mode), 4u) << mode;
    }
}

TEST_F(Downloader, GivesTheSameReportInAllModesApartFromTimeAndOrder)
{
    std::vector<std::string> reports;
    for (const char* mode : {"sequential", "threads", "coroutines"}) {
        const program_result result = downloader.run({"flags",
                                                      "A",
                                                      "-v",
                                                      "-s",
                                                      "ERROR",
                                                      "--seed",
                                                      "5",
                                                      "--delay-max",
                                                      "1",
                                                      "-m",
                                                      "1",
                                                      "--mode",
                                                      mode,
                                                      "--images",
                                                      "generated"});
        EXPECT_EQ(result.status, 1);
        reports.push_back(sorted_lines(
            std::regex_replace(result.out, std::regex(":[0-9]+(?=/|\n)|[0-9.]+s\n"), "")));
    }

    EXPECT_EQ(reports[0], reports[1]);
    EXPECT_EQ(reports[0], reports[2]);
    EXPECT_NE(reports[0].find("418"), std::string::npos);
    EXPECT_NE(reports[0].find(" not found."), std::string::npos);
}

TEST_F(Downloader, ReportsEachFileWhenVerbose)
{
    const program_result result = downloader.run(
        {"flags", "cn", "br", "zz", "-v", "--mode", "sequential", "--images", "generated"});

    EXPECT_EQ(result.status, 1);
    EXPECT_TRUE(matches(
        result.out,
        "LOCAL site: http://127.0.0.1:[0-9]+\nSearching for 3 flags: BR, CN, ZZ\n"
        "1 connection will be used.\nBR OK\nCN OK\n"
        "ZZ not found: http://127.0.0.1:[0-9]+/zz/zz.png\n"
        "--------------------\n  2 flags downloaded.\n  1 not found.\nElapsed time: [0-9.]+s\n"))
        << result.out;
}

TEST_F(Downloader, CountsARefusedConnectionAndFails)
{
    const refused_port nobody;
    const program_result result =
        downloader.run({"flags", "BR", "-s", "http://127.0.0.1:" + std::to_string(nobody.port())});

    EXPECT_EQ(result.status, 1);
    EXPECT_TRUE(result.err.starts_with("*** BR error: http://127.0.0.1:")) << result.err;
    EXPECT_NE(result.err.find("/br/br.gif: Connection refused\n"), std::string::npos) << result.err;
    EXPECT_TRUE(result.out.starts_with("0 flags downloaded in ")) << result.out;
    EXPECT_NE(result.out.find("(1 error)"), std::string::npos) << result.out;
}

TEST_F(Downloader, CountsFilesThatCannotBeWritten)
{
    std::ofstream(downloader.folder() / "file") << "in the way";
    const program_result result = downloader.run({"flags", "BR", "CN", "-o", "file/flags"});

    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err.find("cannot create 'file/flags/BR.png': Not a directory"),
              std::string::npos)
        << result.err;
    EXPECT_NE(result.out.find("(2 errors)"), std::string::npos) << result.out;
}

TEST_F(Downloader, CountsFilesForWhichThereIsNoRoom)
{
    // As a full disk, for every file alone; 512 bytes are less than any flag has.
    program shell("/bin/sh");
    const program_result result = shell.run(
        {"-c", "trap '' XFSZ; ulimit -f 1; exec \"$0\" flags BR CN -o flags", DOWNLOADER});

    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err.find("BR.png': File too large"), std::string::npos) << result.err;
    EXPECT_NE(result.out.find("(2 errors)"), std::string::npos) << result.out;
    EXPECT_EQ(files_in(shell.folder() / "flags"), 0U);
}

TEST_F(Downloader, ContinuesWhereOneCodeIsWrong)
{
    const program_result result = downloader.run({"flags", "BR", "XQ", "CN"});

    EXPECT_EQ(result.status, 1);
    EXPECT_TRUE(result.err.starts_with("*** XQ not found: http://127.0.0.1:")) << result.err;
    EXPECT_NE(result.out.find("2 flags downloaded in "), std::string::npos) << result.out;
    EXPECT_NE(result.out.find("(1 not found)"), std::string::npos) << result.out;
}

TEST_F(Downloader, StopsOnCtrlCInBoundedTimeAndSaysWhatItDid)
{
    for (const char* mode : {"sequential", "threads", "coroutines"}) {
        SCOPED_TRACE(mode);
        scripted_server server;
        // Nobody will ever answer the second request, and the time limit is longer than the test's.
        downloader.start({"flags",
                          "BR",
                          "CN",
                          "DE",
                          "-m",
                          "1",
                          "--mode",
                          mode,
                          "--timeout",
                          "3600",
                          "-o",
                          mode,
                          "-s",
                          server.url("")});
        auto connection = server.accept();
        connection.read_request();
        connection.write_ok("flag");
        connection.read_request();
        downloader.signal(SIGINT);
        const program_result result = downloader.wait();

        EXPECT_EQ(result.status, 130);
        EXPECT_NE(result.out.find("1 flag downloaded in "), std::string::npos) << result.out;
        EXPECT_NE(result.out.find("(2 interrupted)"), std::string::npos) << result.out;
        EXPECT_EQ(files_in(downloader.folder() / mode), 1u) << "no temporary file is left";
    }
}

TEST_F(Downloader, TreatsSigtermAsCtrlC)
{
    scripted_server server;
    downloader.start({"flags", "BR", "-s", server.url("")});
    auto connection = server.accept();
    connection.read_request();
    downloader.signal(SIGTERM);

    EXPECT_EQ(downloader.wait().status, 130);
}

TEST_F(Downloader, GoesToTheRemoteSiteOnlyWhenAsked)
{
    scripted_server server;
    downloader.start({"flags", "BR", "-s", "remote"},
                     {{"COFUTURES_REMOTE_FLAGS", server.url("/data/flags")}});
    auto connection = server.accept();
    EXPECT_TRUE(connection.read_request().starts_with("GET /data/flags/br/br.gif HTTP/1.1\r\n"));
    connection.write_ok("gif");

    EXPECT_EQ(downloader.wait().status, 0);
    EXPECT_TRUE(fs::exists(downloader.folder() / "downloaded" / "BR.gif"));
}

TEST_F(Downloader, AnnouncesNoMoreConnectionsThanItCanOpen)
{
    program shell("/bin/sh");
    const program_result result = shell.run({"-c",
                                             "ulimit -n 128 && exec \"$0\" \"$@\"",
                                             DOWNLOADER,
                                             "flags",
                                             "-a",
                                             "-v",
                                             "-m",
                                             "1000",
                                             "--images",
                                             "generated"});

    EXPECT_EQ(result.status, 0);
    EXPECT_NE(result.out.find("32 concurrent connections will be used."), std::string::npos)
        << result.out;
    EXPECT_NE(result.out.find("194 flags downloaded."), std::string::npos) << result.out;
}

TEST_F(Downloader, ExplainsUsageErrors)
{
    const std::vector<std::vector<std::string>> wrong = {
        {"flags", "B1"},
        {"flags", "-l", "0"},
        {"flags", "-m", "0"},
        {"flags", "-s", "NOWHERE"},
        {"flags", "-x"},
        {"flags", "--verify", "-s", "http://127.0.0.1"},
        {},
    };
    for (const auto& arguments : wrong) {
        const program_result result = downloader.run(arguments);
        EXPECT_EQ(result.status, 2);
        EXPECT_TRUE(result.err.starts_with("*** Usage error: ")) << result.err;
        EXPECT_NE(result.err.find("\nusage: downloader "), std::string::npos) << result.err;
        EXPECT_EQ(result.out, "");
        EXPECT_EQ(files_in(downloader.folder()), 0u);
    }
}

TEST_F(Downloader, TellsNoPasswordOfACommandLineThatIsWrong)
{
    const std::string url = "http://ann:s3cr3t@h/x";
    const std::vector<std::vector<std::string>> wrong = {
        {url},
        {"--user=ann:s3cr3t"},
        {"flags", url},
        {"serve", url},
        {"serve", "--user", "ann:s3cr3t"},
        {"completion", url},
        {"get", "-i", url},
        {"get", "--checksums", url, "http://h/"},
        {"get", "--netrc-file=" + url, "http://h/"},
        {"get", "--resolve", url, "http://h/"},
        {"get", "--retries", url, "http://h/"},
    };
    for (const auto& arguments : wrong) {
        const program_result result = downloader.run(arguments);
        EXPECT_EQ(result.status, 2);
        EXPECT_TRUE(result.err.starts_with("*** Usage error: ")) << result.err;
        EXPECT_EQ(result.err.find("s3cr3t"), std::string::npos) << result.err;
    }
}

TEST_F(Downloader, ExplainsAUsageErrorOfAnyLength)
{
    const std::string endless(100'000, 'x');
    for (const auto& arguments : std::vector<std::vector<std::string>>{{"completion", endless},
                                                                       {endless},
                                                                       {"get", "-j", endless},
                                                                       {"get", "-q=" + endless}}) {
        const program_result result = downloader.run(arguments);
        EXPECT_EQ(result.status, 2);
        EXPECT_TRUE(result.err.starts_with("*** Usage error: ")) << result.err.substr(0, 100);
    }
}

TEST_F(Downloader, WritesJsonOnRequest)
{
    const program_result result =
        downloader.run({"flags", "BR", "ZZ", "--json", "--images", "generated"});

    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err, "");
    EXPECT_TRUE(
        result.out.starts_with(R"({"server": "LOCAL", "codes": 2, "runs": [{"mode": "coroutines")"))
        << result.out;
    EXPECT_NE(result.out.find(R"("downloaded": 1, "not_found": 1, "errors": 0)"), std::string::npos)
        << result.out;
}

TEST_F(Downloader, NamesAnImageFolderThatIsOfNoUse)
{
    fs::create_directory(downloader.folder() / "empty");
    const program_result result = downloader.run({"flags", "--images", "empty"});

    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err, "*** no images named like br.png in 'empty'\n");
}

TEST_F(Downloader, ServesUntilCtrlC)
{
    downloader.start({"serve", "--port", "0"});
    // The server's own output says where it is; another program instance fetches from there.
    const std::string line = downloader.wait_for_line();
    const std::size_t at = line.find("http://");
    ASSERT_NE(at, std::string::npos) << line;
    const std::string base = line.substr(at, line.find(' ', at) - at);
    program client(DOWNLOADER);
    const program_result fetched =
        client.run({"flags", "BR", "CN", "-s", base, "--pattern", "{cc}/{cc}.png"});
    downloader.signal(SIGINT);
    const program_result served = downloader.wait();

    EXPECT_EQ(fetched.status, 0) << fetched.err;
    EXPECT_EQ(served.status, 0);
    EXPECT_NE(served.out.find("GET /br/br.png 200 after 0 ms\n"), std::string::npos) << served.out;
    EXPECT_TRUE(served.out.ends_with("2 requests answered.\n")) << served.out;
}

// The words of a command line.
class DownloaderOutput : public testing::TestWithParam<std::vector<std::string>> {};

TEST_P(DownloaderOutput, ThatCannotBeWrittenIsAFailure)
{
    const program_result full = run_redirected(DOWNLOADER, GetParam(), ">/dev/full");
    EXPECT_EQ(full.status, 1);
    EXPECT_TRUE(full.err.starts_with("*** cannot write ")) << full.err;
    EXPECT_TRUE(full.err.ends_with(": No space left on device\n")) << full.err;
    const program_result closed = run_redirected(DOWNLOADER, GetParam(), ">&-");
    EXPECT_EQ(closed.status, 1);
    EXPECT_TRUE(closed.err.ends_with(": Bad file descriptor\n")) << closed.err;
}

TEST_P(DownloaderOutput, ThatCannotBeWrittenIsAFailureAlsoWhereNobodyCanBeTold)
{
    EXPECT_EQ(run_redirected(DOWNLOADER, GetParam(), ">/dev/full 2>/dev/full").status, 1);
    EXPECT_EQ(run_redirected(DOWNLOADER, GetParam(), "<&- >&- 2>&-").status, 1);
}

INSTANTIATE_TEST_SUITE_P(Of,
                         DownloaderOutput,
                         testing::Values(std::vector<std::string>{"flags", "BR"},
                                         std::vector<std::string>{"flags", "BR", "-v"},
                                         std::vector<std::string>{"flags", "BR", "--json"},
                                         std::vector<std::string>{"flags", "BR", "--compare"},
                                         std::vector<std::string>{"serve", "--port", "0"},
                                         std::vector<std::string>{"--help"},
                                         std::vector<std::string>{"--version"},
                                         std::vector<std::string>{"completion", "bash"}));

TEST_F(Downloader, EndsInOrderWhenItsComplaintCannotBeWritten)
{
    EXPECT_EQ(run_redirected(DOWNLOADER, {"--no-such-option"}, "2>/dev/full").status, 2);
    EXPECT_EQ(run_redirected(DOWNLOADER, {"--no-such-option"}, "2>&-").status, 2);
    // What failed is told on standard error.
    EXPECT_EQ(run_redirected(
                  DOWNLOADER, {"flags", "BR", "-s", "ERROR", "--error-rate", "1"}, "2>/dev/full")
                  .status,
              1);
    EXPECT_EQ(run_redirected(DOWNLOADER, {"flags", "BR"}, "2>&-").status, 0);
}

// The lines about requests come from the server's thread.
TEST_F(Downloader, StopsServingWhenNobodyReadsItsLogAnyMore)
{
    program shell("/bin/sh");
    shell.start({"-c",
                 "trap '' PIPE; \"$0\" serve --port 0 2>\"$1\"; echo $? >\"$1.status\"",
                 DOWNLOADER,
                 (downloader.folder() / "log").string()});
    const std::string line = shell.wait_for_line();
    const auto begin = line.find("http://");
    ASSERT_NE(begin, std::string::npos) << line;
    const std::string url = line.substr(begin, line.find(' ', begin) - begin);
    shell.close_output();

    EXPECT_EQ(downloader.run({"get", url + "/br/br.png"}).status, 0);

    shell.wait();
    const auto content_of = [](const fs::path& path) {
        std::ifstream file(path);
        return std::string{std::istreambuf_iterator<char>(file), {}};
    };
    EXPECT_EQ(content_of(downloader.folder() / "log.status"), "1\n");
    EXPECT_EQ(content_of(downloader.folder() / "log"),
              "*** cannot write standard output: Broken pipe\n");
}

} // namespace
