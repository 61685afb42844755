// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "flags/download.hpp"
#include "flags/verify.hpp"
#include "serve/flag_server.hpp"
#include "support/scripted_server.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

namespace downloader {

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
namespace http = cofutures::http;
using cofutures::test::refused_port;
using cofutures::test::scripted_connection;
using cofutures::test::scripted_server;

void ignore(const file_result&) {}

std::string mode_name(const testing::TestParamInfo<mode>& info)
{
    return std::string(name_of(info.param));
}

// Everything here must hold for every way of waiting.
class DownloadFlags : public testing::TestWithParam<mode> {
protected:
    DownloadFlags()
        : folder(fs::temp_directory_path() / ("cofutures_flags_" + std::to_string(::getpid())))
    {
        fs::remove_all(folder);
        fs::create_directory(folder);
        plan.codes = {"BR", "CN", "XX", "ZW"};
        plan.pattern = "{cc}/{cc}.png";
        plan.folder = folder;
        plan.connections = GetParam() == mode::sequential ? 1 : 4;
        plan.timeout = 10s;
    }
    ~DownloadFlags() override { fs::remove_all(folder); }

    run_report run(std::stop_token stop = {})
    {
        http::client client(client_options_for(plan));
        return download_flags(client, plan, GetParam(), stop, ignore);
    }

    std::vector<std::string> files() const
    {
        std::vector<std::string> names;
        for (const auto& entry : fs::directory_iterator(folder)) {
            names.push_back(entry.path().filename().string());
        }
        std::sort(names.begin(), names.end());
        return names;
    }

    fs::path folder;
    flags_plan plan;
    flag_images images{"generated"};
};

TEST_P(DownloadFlags, SavesWhatIsThereAndCountsWhatIsNot)
{
    const flag_server server({}, images);
    plan.server.base_url = server.base_url();

    const run_report report = run();

    EXPECT_EQ(report.counts(), (tally{.downloaded = 3, .not_found = 1}));
    EXPECT_EQ(files(), (std::vector<std::string>{"BR.png", "CN.png", "ZW.png"}));
    EXPECT_TRUE(differing_files(plan, report, images).empty());
    for (const file_result& file : report.files) {
        if (file.what == outcome::not_found) {
            EXPECT_EQ(file.message, "XX not found: " + server.base_url() + "/xx/xx.png");
        }
    }
}

TEST_P(DownloadFlags, TellsOfEachFileOnceInThisThread)
{
    const flag_server server({}, images);
    plan.server.base_url = server.base_url();
    std::multiset<std::string> told;
    const auto here = std::this_thread::get_id();

    http::client client(client_options_for(plan));
    download_flags(client, plan, GetParam(), {}, [&](const file_result& file) {
        EXPECT_EQ(std::this_thread::get_id(), here);
        told.insert(file.code);
    });

    EXPECT_EQ(told, (std::multiset<std::string>{"BR", "CN", "XX", "ZW"}));
}

TEST_P(DownloadFlags, CountsAnErrorStatusWithItsReason)
{
    const flag_server server({.error_rate = 1}, images);
    plan.server.base_url = server.base_url();
    plan.codes = {"BR"};

    const run_report report = run();

    ASSERT_EQ(report.files.size(), 1u);
    EXPECT_EQ(report.files[0].what, outcome::failed);
    EXPECT_EQ(report.files[0].message,
              "BR error: HTTP error 418 - I'm a teapot: " + server.base_url() + "/br/br.png");
    EXPECT_TRUE(files().empty());
}

TEST_P(DownloadFlags, CountsARefusedConnection)
{
    const refused_port nobody;
    plan.server.base_url = "http://127.0.0.1:" + std::to_string(nobody.port());

    const run_report report = run();

    EXPECT_EQ(report.counts(), (tally{.failed = 4}));
    EXPECT_NE(report.files[0].message.find("Connection refused"), std::string::npos)
        << report.files[0].message;
}

TEST_P(DownloadFlags, CountsAFileThatCannotBeWritten)
{
    const flag_server server({}, images);
    plan.server.base_url = server.base_url();
    plan.codes = {"BR", "CN"};
    std::ofstream(folder / "file") << "in the way";
    plan.folder = folder / "file";

    const run_report report = run();

    EXPECT_EQ(report.counts(), (tally{.failed = 2}));
    EXPECT_NE(report.files[0].message.find("cannot create '" +
                                           plan.file_of(report.files[0].code).string() +
                                           "': Not a directory"),
              std::string::npos)
        << report.files[0].message;
}

TEST_P(DownloadFlags, CountsTimeOutsApart)
{
    scripted_server silent;
    plan.server.base_url = silent.url("");
    plan.codes = {"BR", "CN"};
    plan.timeout = 20ms;

    EXPECT_EQ(run().counts(), (tally{.timed_out = 2}));
    EXPECT_TRUE(files().empty());
}

// Waiting in our own queue is not the server's fault. More files than connections, each answered
// only after a time that is long against the sum of all but short against one limit.
TEST_P(DownloadFlags, NeverTimesOutInItsOwnQueue)
{
    const flag_server server({.delay_min = 100ms, .delay_max = 100ms}, images);
    plan.server.base_url = server.base_url();
    plan.codes.clear();
    for (const char* code :
         {"AD", "AE", "AF", "AG", "AL", "AM", "AO", "AR", "AT", "AU", "AZ", "BA"}) {
        plan.codes.emplace_back(code);
    }
    plan.connections = 1;
    plan.timeout = 1s;

    EXPECT_EQ(run().counts(), (tally{.downloaded = 12}));
}

TEST_P(DownloadFlags, LeavesNothingOfATruncatedFile)
{
    scripted_server server;
    plan.server.base_url = server.url("");
    plan.codes = {"BR"};

    auto report = std::async(std::launch::async, [this] { return run(); });
    {
        auto connection = server.accept();
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    }

    EXPECT_EQ(report.get().counts(), (tally{.failed = 1}));
    EXPECT_TRUE(files().empty());
}

TEST_P(DownloadFlags, StopsAtOnceAndStartsNothingMore)
{
    scripted_server server;
    plan.server.base_url = server.url("");
    plan.connections = GetParam() == mode::sequential ? 1 : 2;
    std::stop_source source;

    auto report =
        std::async(std::launch::async, [this, &source] { return run(source.get_token()); });
    std::vector<scripted_connection> connections;
    for (std::size_t i = 0; i < plan.connections; ++i) {
        connections.push_back(server.accept());
        connections.back().read_request();
    }
    source.request_stop();

    for (scripted_connection& each : connections) {
        each.expect_closed();
    }
    EXPECT_EQ(report.get().counts(), (tally{.interrupted = 4}));
    EXPECT_TRUE(files().empty());
}

TEST_P(DownloadFlags, KeepsWhatWasCompleteBeforeTheStop)
{
    scripted_server server;
    plan.server.base_url = server.url("");
    plan.connections = 1;
    std::stop_source source;

    auto report =
        std::async(std::launch::async, [this, &source] { return run(source.get_token()); });
    auto connection = server.accept();
    connection.read_request();
    connection.write_ok("flag");
    connection.read_request();
    source.request_stop();

    EXPECT_EQ(report.get().counts(), (tally{.downloaded = 1, .interrupted = 3}));
    EXPECT_EQ(files().size(), 1u);
}

TEST_P(DownloadFlags, ReachesTheConcurrencyItAnnounces)
{
    scripted_server server;
    plan.server.base_url = server.url("");
    plan.codes.clear();
    for (char second = 'A'; second < 'A' + 20; ++second) {
        plan.codes.push_back({'A', second});
    }
    plan.connections = GetParam() == mode::sequential ? 1 : 20;

    auto report = std::async(std::launch::async, [this] { return run(); });
    std::vector<scripted_connection> connections;
    for (std::size_t i = 0; i < plan.connections; ++i) {
        connections.push_back(server.accept());
        connections.back().read_request();
    }
    // All are open and none is answered: that many requests are under way at once.
    if (GetParam() == mode::sequential) {
        for (std::size_t i = 0; i + 1 < plan.codes.size(); ++i) {
            connections.front().write_ok("flag");
            connections.front().read_request();
        }
    }
    for (scripted_connection& each : connections) {
        each.write_ok("flag");
    }

    EXPECT_EQ(report.get().counts(), (tally{.downloaded = 20}));
}

INSTANTIATE_TEST_SUITE_P(Mode,
                         DownloadFlags,
                         testing::Values(mode::sequential, mode::threads, mode::coroutines),
                         mode_name);

TEST(DifferingFiles, NameWhatIsNotAsItWasServed)
{
    const fs::path folder =
        fs::temp_directory_path() / ("cofutures_differ_" + std::to_string(::getpid()));
    fs::create_directory(folder);
    const flag_images images("generated");
    flags_plan plan;
    plan.pattern = "{cc}.png";
    plan.folder = folder;
    std::ofstream(plan.file_of("BR"), std::ios::binary) << *images.find("br");
    std::ofstream(plan.file_of("CN")) << "spoiled";
    run_report report;
    for (const char* code : {"BR", "CN", "DE"}) {
        report.files.push_back({code, outcome::downloaded, ""});
    }
    report.files.push_back({"XX", outcome::not_found, ""});

    const auto different = differing_files(plan, report, images);
    fs::remove_all(folder);

    ASSERT_EQ(different.size(), 2u);
    EXPECT_TRUE(different[0].starts_with("CN: '")) << different[0];
    EXPECT_TRUE(different[1].ends_with("cannot be read")) << different[1];
}

} // namespace

} // namespace downloader
