// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/error.hpp>

#include "support/web_server.hpp"
#include "tls_support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

// Each feature against the web servers of others. The paths of those come from CMake, empty where one is
// missing; its tests are skipped then.

namespace cofutures::http {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using test::web_server;
using test::web_server_program;

const web_server_program programs[] = {
    {web_server_program::brand::nginx, NGINX, {"gzip"}},
    {web_server_program::brand::apache, APACHE, {"br", "gzip"}},
    {web_server_program::brand::caddy, CADDY, {"gzip", "zstd"}},
};

// More than fits into the buffers between server and client.
constexpr std::size_t big_size = 16 * 1024 * 1024;

std::string contents(const fs::path& path)
{
    std::string bytes(fs::file_size(path), '\0');
    std::ifstream(path, std::ios::binary)
        .read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return bytes;
}

std::string random_bytes(std::size_t size, unsigned seed)
{
    std::mt19937_64 random(seed);
    std::vector<std::uint64_t> numbers((size + 7) / 8);
    std::generate(numbers.begin(), numbers.end(), random);
    std::string bytes(size, '\0');
    std::memcpy(bytes.data(), numbers.data(), size);
    return bytes;
}

std::string a_page()
{
    std::string text = "<!DOCTYPE html>\n<title>Numbers</title>\n";
    for (int i = 0; i != 5'000; ++i) {
        text += "<p>" + std::to_string(i) + "</p>\n";
    }
    return text;
}

std::string field(const response_head& answer, std::string_view name)
{
    return std::string(answer.headers.get(name).value_or(""));
}

class HttpWebServer : public testing::TestWithParam<web_server_program> {
protected:
    HttpWebServer()
        : folder(fs::temp_directory_path() / ("cofutures_web_" + std::to_string(::getpid()))),
          page(a_page())
    {
        fs::remove_all(folder);
        fs::create_directories(folder / "html" / "folder");
        fs::create_directories(folder / "got");
        put("page.html", page);
        put("folder/index.html", "in the folder");
    }
    ~HttpWebServer() override
    {
        server.reset();
        fs::remove_all(folder);
    }

    void SetUp() override
    {
        if (GetParam().executable.empty()) {
            GTEST_SKIP() << "not installed";
        }
    }

    /// Starts the server; not in SetUp(), since some tests want it with a certificate.
    void start(const certificates* identity = nullptr,
               web_server::clients allowed = web_server::clients::any)
    {
        server = std::make_unique<web_server>(GetParam(), folder, identity, allowed);
    }

    /// A file of the server, an hour old: a younger one may still change within its second, which
    /// makes its time, and Apache's ETag, a weak validator.
    void put(const std::string& name, const std::string& bytes, std::chrono::minutes age = 60min)
    {
        const fs::path path = folder / "html" / name;
        std::ofstream(path, std::ios::binary) << bytes;
        fs::last_write_time(path, fs::file_time_type::clock::now() - age);
    }

    std::string url(const std::string& path) const { return server->url(path); }

    fs::path got(const std::string& name) const { return folder / "got" / name; }

    /// Downloads the big file with a client that stops in the middle.
    void break_off_big_download()
    {
        client client;
        request_options options{.file = {.resume = true}};
        options.on_event = [&client](const event& what) {
            if (what.what == event::kind::progress && what.size != 0) {
                client.stop_all();
            }
        };
        const auto call = client.download(url("/big.bin"), got("big.bin"), options);
        EXPECT_THROW(call.result(watchdog), cancelled_error);
        EXPECT_GT(fs::file_size(got(".big.bin.part")), 0u);
    }

    const fs::path folder;
    const std::string page;
    std::unique_ptr<web_server> server;
};

TEST_P(HttpWebServer, SendsWhatItHasAndSaysWhatItHasNot)
{
    start();
    client client;
    const response found = client.get(url("/page.html")).result(watchdog);
    EXPECT_EQ(found.status, 200);
    EXPECT_TRUE(found.body == page);
    EXPECT_EQ(field(found, "Content-Type").substr(0, 9), "text/html");

    const response head = client.head(url("/page.html")).result(watchdog);
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.body, "");
    EXPECT_EQ(field(head, "Content-Length"), std::to_string(page.size()));

    EXPECT_EQ(client.get(url("/nothing")).result(watchdog).status, 404);
}

TEST_P(HttpWebServer, IsSentBodies)
{
    start();
    client client;
    EXPECT_EQ(client.post(url("/echo"), "some words").result(watchdog).body, "some words");
    const std::string much = random_bytes(300'000, 1);
    EXPECT_EQ(client.post(url("/echo"), much).result(watchdog).body, much);
}

TEST_P(HttpWebServer, MaySayFirstThatItExpectsTheBody)
{
    start();
    client client;
    const auto answer =
        client.post(url("/echo"), "asked for", {.headers = {{"Expect", "100-continue"}}});
    EXPECT_EQ(answer.result(watchdog).status, 200);
    EXPECT_EQ(answer.result().body, "asked for");
}

TEST_P(HttpWebServer, KeepsConnections)
{
    start();
    client client({.max_connections_per_host = 3});
    for (int i = 0; i != 5; ++i) {
        client.get(url("/page.html")).result(watchdog);
        client.head(url("/page.html")).result(watchdog);
        client.get(url("/nothing")).result(watchdog);
    }
    EXPECT_EQ(client.stats().connections_opened, 1u);

    std::vector<future<response>> calls;
    for (int i = 0; i != 60; ++i) {
        calls.push_back(client.get(url("/page.html")));
    }
    for (const auto& each : calls) {
        EXPECT_TRUE(each.result(watchdog).body == page);
    }
    EXPECT_LE(client.stats().connections_opened, 3u);

    client.get(url("/page.html"), {.headers = {{"Connection", "close"}}}).result(watchdog);
    EXPECT_LE(client.stats().connections_open, 2u) << "one was closed, as the request said";
}

TEST_P(HttpWebServer, Redirects)
{
    start();
    client client;
    const response moved = client.get(url("/moved")).result(watchdog);
    EXPECT_TRUE(moved.body == page);
    EXPECT_EQ(moved.url, url("/page.html"));
    EXPECT_EQ(moved.redirects, 1u);
    EXPECT_EQ(client.get(url("/folder")).result(watchdog).body, "in the folder");

    EXPECT_TRUE(client.post(url("/see-other"), "words").result(watchdog).body == page);
    EXPECT_EQ(client.post(url("/same-method"), "words").result(watchdog).body, "words");

    const auto unfollowed = client.get(url("/moved"), {.max_redirects = 0});
    EXPECT_EQ(unfollowed.result(watchdog).status, 301);
}

TEST_P(HttpWebServer, CodesBodies)
{
    start();
    client client;
    for (const std::string& coding : GetParam().codings) {
        const headers wish{{"Accept-Encoding", coding}};
        const auto raw = client.get(url("/coded/page.html"), {.headers = wish, .decode = false});
        EXPECT_EQ(field(raw.result(watchdog), "Content-Encoding"), coding);
        EXPECT_NE(raw.result().body, page) << coding;
        const auto decoded = client.get(url("/coded/page.html"), {.headers = wish, .decode = true});
        EXPECT_TRUE(decoded.result(watchdog).body == page) << coding;
    }
    EXPECT_TRUE(client.get(url("/coded/page.html")).result(watchdog).body == page);
    EXPECT_EQ(client.head(url("/coded/page.html")).result(watchdog).body, "");
    EXPECT_EQ(client.stats().connections_opened, 1u) << "each body was read to its very end";
}

TEST_P(HttpWebServer, SendsRanges)
{
    start();
    client client;
    const auto part = client.get(url("/page.html"), {.headers = {{"Range", "bytes=100-199"}}});
    EXPECT_EQ(part.result(watchdog).status, 206);
    EXPECT_EQ(part.result().body, page.substr(100, 100));
    const auto beyond = client.get(url("/page.html"), {.headers = {{"Range", "bytes=9999999-"}}});
    EXPECT_EQ(beyond.result(watchdog).status, 416);
}

TEST_P(HttpWebServer, AsksForNames)
{
    start();
    const std::string private_page = url("/private/page.html");
    client stranger;
    EXPECT_EQ(stranger.get(private_page).result(watchdog).status, 401);
    const auto status_with = [&](const credentials& who) {
        return stranger.get(private_page, {.authorization = who}).result(watchdog).status;
    };
    EXPECT_EQ(status_with(credentials::basic("me", "secret")), 200);
    EXPECT_EQ(status_with(credentials::basic("me", "wrong")), 401);
    EXPECT_EQ(status_with(credentials::bearer("secret")), 401);

    std::ofstream(folder / "netrc") << "machine 127.0.0.1 login me password secret\n";
    client known({.netrc_file = folder / "netrc"});
    EXPECT_TRUE(known.get(private_page).result(watchdog).body == page);
}

TEST_P(HttpWebServer, IsAskedAgainLater)
{
    start();
    client client;
    request_options options{.retries = retry_policy{.max_tries = 2, .first_delay = 1ms}};
    const auto missing = client.get(url("/later/new.html"), options);
    EXPECT_EQ(missing.result(watchdog).status, 503);
    EXPECT_EQ(missing.result().tries, 2u);

    std::chrono::nanoseconds wait{0};
    options.on_event = [&](const event& what) {
        if (what.what == event::kind::retried) {
            wait = what.took;
            put("new.html", "here it is");
        }
    };
    const auto found = client.get(url("/later/new.html"), options);
    EXPECT_EQ(found.result(watchdog).body, "here it is");
    EXPECT_EQ(found.result().tries, 2u);
    EXPECT_GT(wait, 1ms) << "the server asked for more than the client waits by itself";
}

TEST_P(HttpWebServer, SendsLargeFilesWhole)
{
    const std::string bytes = random_bytes(big_size, 2);
    put("big.bin", bytes);
    start();
    client client;
    std::vector<future<download_result>> calls;
    for (int i = 0; i != 4; ++i) {
        calls.push_back(client.download(url("/big.bin"), got(std::to_string(i))));
    }
    for (int i = 0; i != 4; ++i) {
        EXPECT_EQ(calls[static_cast<std::size_t>(i)].result(watchdog).size, big_size);
        EXPECT_TRUE(contents(got(std::to_string(i))) == bytes);
    }
}

TEST_P(HttpWebServer, SendsTheRestOfAFile)
{
    const std::string bytes = random_bytes(big_size, 3);
    put("big.bin", bytes);
    start();
    break_off_big_download();
    client client;
    const auto call = client.download(url("/big.bin"), got("big.bin"), {.file = {.resume = true}});
    EXPECT_EQ(call.result(watchdog).status, 206);
    EXPECT_GT(call.result().resumed_at, 0u);
    EXPECT_TRUE(contents(got("big.bin")) == bytes);
}

TEST_P(HttpWebServer, SendsTheWholeOfAFileThatHasChanged)
{
    put("big.bin", random_bytes(big_size, 4));
    start();
    break_off_big_download();
    const std::string bytes = random_bytes(big_size, 5);
    put("big.bin", bytes, 30min);
    client client;
    const auto call = client.download(url("/big.bin"), got("big.bin"), {.file = {.resume = true}});
    EXPECT_EQ(call.result(watchdog).status, 200);
    EXPECT_EQ(call.result().resumed_at, 0u);
    EXPECT_TRUE(contents(got("big.bin")) == bytes);
}

TEST_P(HttpWebServer, CannotPassOffAShortBodyAsTheWhole)
{
    put("big.bin", std::string(4 * big_size, 'x'));
    start();
    client client;
    request_options options;
    options.on_event = [this](const event& what) {
        if (what.what == event::kind::first_byte) {
            fs::resize_file(folder / "html" / "big.bin", 0);
        }
    };
    try {
        client.download(url("/big.bin"), got("big.bin"), options).result(watchdog);
        FAIL();
    } catch (const request_error& error) {
        EXPECT_EQ(error.code(), errc::body_truncated) << error.what();
    }
    EXPECT_TRUE(fs::is_empty(folder / "got"));
}

TEST_P(HttpWebServer, SendsAFileOnlyIfItIsNewer)
{
    start();
    client client;
    const request_options options{.file = {.if_exists = file_options::existing::if_newer}};
    const auto fetch = [&] {
        return client.download(url("/page.html"), got("page.html"), options).result(watchdog);
    };
    EXPECT_FALSE(fetch().kept);
    EXPECT_TRUE(fetch().kept);
    put("page.html", "another", 30min);
    EXPECT_FALSE(fetch().kept);
    EXPECT_EQ(contents(got("page.html")), "another");
}

TEST_P(HttpWebServer, ProvesWhoItIs)
{
    const certificates identity;
    const trusted_file authority(identity);
    start(&identity);
    {
        client client(trusting(authority));
        EXPECT_TRUE(client.get(url("/page.html")).result(watchdog).body == page);
        EXPECT_EQ(client.post(url("/same-method"), "words").result(watchdog).body, "words");
        const headers close{{"Connection", "close"}};
        client.get(url("/page.html"), {.headers = close}).result(watchdog);
        EXPECT_EQ(client.stats().connections_opened, 1u);
        EXPECT_TRUE(client.get(url("/page.html")).result(watchdog).body == page);
        EXPECT_EQ(client.stats().tls_resumed, 1u);
    }
    client stranger({.addresses = trusting(authority).addresses});
    try {
        stranger.get(url("/page.html")).result(watchdog);
        FAIL();
    } catch (const request_error& error) {
        EXPECT_EQ(error.code(), errc::tls_failed);
    }
}

TEST_P(HttpWebServer, AsksForACertificate)
{
    const certificates identity;
    const trusted_file authority(identity);
    start(&identity, web_server::clients::certified);
    client_options options = trusting(authority);
    {
        // nginx answers 400 itself; the others end the handshake.
        client stranger(options);
        const auto call = stranger.get(url("/page.html"));
        EXPECT_TRUE(call.exception(watchdog) || call.result().status == 400);
    }
    options.tls.certificate_file = folder / "certificate.pem";
    options.tls.key_file = folder / "key.pem";
    client known(options);
    EXPECT_TRUE(known.get(url("/page.html")).result(watchdog).body == page);
}

// Only nginx is set up for it.
class HttpWebServerOnASocket : public HttpWebServer {};

TEST_P(HttpWebServerOnASocket, IsReachedByItsPath)
{
    start();
    client client({.unix_socket = folder / "socket"});
    EXPECT_TRUE(client.get("http://daemon/page.html").result(watchdog).body == page);
}

std::string brand_name(const testing::TestParamInfo<web_server_program>& each)
{
    switch (each.param.brand) {
    case web_server_program::brand::nginx:
        return "Nginx";
    case web_server_program::brand::apache:
        return "Apache";
    case web_server_program::brand::caddy:
        break;
    }
    return "Caddy";
}

INSTANTIATE_TEST_SUITE_P(Peers, HttpWebServer, testing::ValuesIn(programs), brand_name);
INSTANTIATE_TEST_SUITE_P(Peers, HttpWebServerOnASocket, testing::Values(programs[0]), brand_name);

} // namespace

} // namespace cofutures::http
