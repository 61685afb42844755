// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// `get --resume`, run again until the file is there, with a server that answers nonsense once.

#include "support/program.hpp"
#include "support/scripted_server.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include <sys/stat.h>

namespace {

namespace fs = std::filesystem;
using cofutures::test::program;
using cofutures::test::program_result;
using cofutures::test::scripted_connection;
using cofutures::test::scripted_server;

const std::string complaint = R"({"error":"daily quota exceeded"})";

class GetResume : public testing::Test {
protected:
    const std::string tiles = [] {
        std::string bytes;
        for (unsigned i = 1; bytes.size() < 700'000; i = i * 1'664'525u + 1'013'904'223u) {
            bytes += static_cast<char>(i >> 24);
        }
        return bytes;
    }();

    program_result fetch(const std::function<void()>& serve)
    {
        downloader.start({"get", "--resume", "--retries", "0", server.url("/tiles.bin")});
        serve();
        return downloader.wait();
    }

    static std::string header(const std::string& status, const std::string& fields)
    {
        return "HTTP/1.1 " + status +
               "\r\nAccept-Ranges: bytes\r\nETag: \"k7\"\r\nConnection: close\r\n" + fields +
               "\r\n";
    }

    // Of a request for the rest, where that begins.
    static std::size_t offset_in(const std::string& request)
    {
        const std::size_t at = request.find("\r\nRange: bytes=");
        EXPECT_NE(at, std::string::npos) << request;
        return at == std::string::npos ? 0 : std::stoul(request.substr(at + 15));
    }

    void serve_the_beginning()
    {
        scripted_connection connection = server.accept();
        connection.read_request();
        connection.write(header("200 OK", "Content-Length: 700000\r\n") + tiles.substr(0, 300'000));
    }

    // Whatever was asked for.
    void serve_honestly()
    {
        scripted_connection connection = server.accept();
        const std::string request = connection.read_request();
        if (request.find("\r\nRange: ") == std::string::npos) {
            connection.write(header("200 OK", "Content-Length: 700000\r\n") + tiles);
            return;
        }
        const std::size_t from = offset_in(request);
        connection.write(header("206 Partial Content",
                                "Content-Range: bytes " + std::to_string(from) +
                                    "-699999/700000\r\nContent-Length: " +
                                    std::to_string(700'000 - from) + "\r\n") +
                         tiles.substr(from));
    }

    void expect_the_file(const program_result& result) const
    {
        EXPECT_EQ(result.status, 0) << result.err;
        std::ifstream file(downloader.folder() / "tiles.bin", std::ios::binary);
        EXPECT_TRUE(std::string(std::istreambuf_iterator<char>(file), {}) == tiles);
        EXPECT_EQ(
            std::distance(fs::directory_iterator(downloader.folder()), fs::directory_iterator()), 1)
            << "nothing is left beside the file";
    }

    scripted_server server;
    program downloader{DOWNLOADER};
};

// Not to be told as "kept", which is what becomes of a file that must not be replaced.
TEST_F(GetResume, FailsWhereAPipeIsInPlaceOfThePartOfAFileThatIsToBeReplaced)
{
    std::ofstream(downloader.folder() / "tiles.bin") << "old";
    ASSERT_EQ(::mkfifo((downloader.folder() / ".tiles.bin.part").c_str(), 0666), 0);
    downloader.start({"get", "--resume", "--overwrite", server.url("/tiles.bin")});
    serve_honestly();
    const program_result result = downloader.wait();
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err.find("cannot create"), std::string::npos) << result.err;
}

TEST_F(GetResume, FailsWhereASuccessBringsNoFile)
{
    const program_result result = fetch([&] {
        scripted_connection connection = server.accept();
        connection.read_request();
        connection.write("HTTP/1.1 202 Accepted\r\nContent-Length: 4\r\n\r\nlate");
    });
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err.find("HTTP 202 Accepted"), std::string::npos) << result.err;
    EXPECT_TRUE(fs::is_empty(downloader.folder()));
}

TEST_F(GetResume, PutsNothingIntoAFileThatIsNotOfIt)
{
    const std::vector<std::string> fields = {"Content-Length: 32\r\n",
                                             "Content-Length: 700000\r\n",
                                             "Transfer-Encoding: chunked\r\n",
                                             "Content-Encoding: br\r\n",
                                             ""};
    for (const std::string& each : fields) {
        SCOPED_TRACE(each);
        EXPECT_EQ(fetch([&] { serve_the_beginning(); }).status, 1);
        EXPECT_FALSE(fs::exists(downloader.folder() / "tiles.bin"));

        expect_the_file(fetch([&] {
            {
                scripted_connection connection = server.accept();
                const std::size_t from = offset_in(connection.read_request());
                EXPECT_GT(from, 0u);
                const bool chunked = each.find("chunked") != std::string::npos;
                connection.write(header("206 Partial Content",
                                        "Content-Range: bytes " + std::to_string(from) +
                                            "-699999/700000\r\n" + each) +
                                 (chunked ? "20\r\n" + complaint + "\r\n0\r\n\r\n" : complaint));
            }
            serve_honestly();
        }));
        expect_the_file(fetch([] {})); // nobody is asked
        fs::remove(downloader.folder() / "tiles.bin");
    }
}

// The server sends the file from its beginning, says that it is the rest, and does not get far.
TEST_F(GetResume, GoesOnWhereItWasAfterARestThatDidNotShowWhatItWas)
{
    std::size_t before = 0;
    EXPECT_EQ(fetch([&] { serve_the_beginning(); }).status, 1);
    EXPECT_EQ(fetch([&] {
                  scripted_connection connection = server.accept();
                  before = offset_in(connection.read_request());
                  connection.write(header("206 Partial Content",
                                          "Content-Range: bytes " + std::to_string(before) +
                                              "-699999/700000\r\n"
                                              "Transfer-Encoding: chunked\r\n") +
                                   "493e0\r\n" + tiles.substr(0, 300'000) + "\r\n");
              }).status,
              1);
    EXPECT_FALSE(fs::exists(downloader.folder() / "tiles.bin"));
    EXPECT_EQ(fs::file_size(downloader.folder() / ".tiles.bin.part"), before);
    expect_the_file(fetch([&] { serve_honestly(); }));
}

// What an honest answer has brought before it was cut is not fetched again.
TEST_F(GetResume, KeepsWhatCameOfARestThatWasCut)
{
    std::size_t before = 0;
    EXPECT_EQ(fetch([&] { serve_the_beginning(); }).status, 1);
    EXPECT_EQ(fetch([&] {
                  scripted_connection connection = server.accept();
                  before = offset_in(connection.read_request());
                  connection.write(header("206 Partial Content",
                                          "Content-Range: bytes " + std::to_string(before) +
                                              "-699999/700000\r\nContent-Length: " +
                                              std::to_string(700'000 - before) + "\r\n") +
                                   tiles.substr(before, 300'000));
              }).status,
              1);
    EXPECT_GT(fs::file_size(downloader.folder() / ".tiles.bin.part"), before);
    expect_the_file(fetch([&] { serve_honestly(); }));
}

} // namespace
