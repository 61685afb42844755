// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "support/origin_server.hpp"
#include "support/peer_program.hpp"
#include "tls_support.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include <unistd.h>

// The client through proxies of others. The paths of tinyproxy and microsocks come from CMake, empty
// where the program is missing.

namespace cofutures::http {

namespace {

using test::origin_server;
using test::peer_program;
using test::raw_answer;

raw_answer hello(const std::string& target)
{
    const std::string body = "hello " + target;
    return {"HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
            body};
}

// A configuration file that is removed again.
class settings_file {
public:
    settings_file()
        : path(std::filesystem::temp_directory_path() /
               ("cofutures_tinyproxy_" + std::to_string(::getpid()) + ".conf"))
    {}
    ~settings_file() { std::filesystem::remove(path); }
    settings_file(const settings_file&) = delete;
    settings_file& operator=(const settings_file&) = delete;

    const std::filesystem::path path;
};

std::vector<std::string> tinyproxy_on(const std::string& port,
                                      const std::filesystem::path& settings)
{
    std::ofstream(settings) << "Port " << port
                            << "\nListen 127.0.0.1\nAllow 127.0.0.1\nTimeout 60\n"
                            << "MaxClients 50\nLogLevel Error\nBasicAuth me secret\n";
    return {TINYPROXY, "-d", "-c", settings.string()};
}

// Asks an http and an https server through the proxy at `by`, by the name localhost, which only the
// proxy can look up: here it would lead to a host that does not exist.
void ask_both_through(const std::string& by)
{
    const certificates identity;
    const trusted_file authority(identity);
    const origin_server plain(hello);
    const origin_server secure(hello, &identity);
    const proxy way(by);
    client_options options{.tls = {.ca_file = authority.path()},
                           .addresses = {{"localhost", {}}},
                           .proxies = {.http = way, .https = way}};
    client client(std::move(options));

    const std::string http_url = "http://localhost:" + std::to_string(plain.port()) + "/a";
    const std::string https_url = "https://localhost:" + std::to_string(secure.port()) + "/b";
    for (int i = 0; i != 2; ++i) {
        EXPECT_EQ(client.get(http_url).result(watchdog).body, "hello /a");
        EXPECT_EQ(client.get(https_url).result(watchdog).body, "hello /b");
    }
    EXPECT_GE(client.stats().connections_reused, 1u) << "the tunnel is kept";
}

TEST(HttpProxyPeers, TinyproxyForwardsAndTunnels)
{
    if (std::string(TINYPROXY).empty()) {
        GTEST_SKIP() << "no tinyproxy";
    }
    const settings_file settings;
    const auto command = [&](const std::string& port) { return tinyproxy_on(port, settings.path); };
    const peer_program proxy_program(command);
    const std::string address = "127.0.0.1:" + std::to_string(proxy_program.port());

    ask_both_through("http://me:secret@" + address);

    const proxy unknown("http://me:wrong@" + address);
    client client({.proxies = {.http = unknown, .https = unknown}});
    EXPECT_EQ(client.get("http://localhost/").result(watchdog).status, 401); // it ought to be 407
    try {
        client.get("https://localhost/").result(watchdog);
        FAIL();
    } catch (const request_error& error) {
        EXPECT_EQ(error.code(), errc::proxy_refused) << error.what();
    }
}

TEST(HttpProxyPeers, MicrosocksConnects)
{
    if (std::string(MICROSOCKS).empty()) {
        GTEST_SKIP() << "no microsocks";
    }
    const auto command = [](const std::string& port) {
        return std::vector<std::string>{
            MICROSOCKS, "-i", "127.0.0.1", "-p", port, "-u", "me", "-P", "secret"};
    };
    const peer_program proxy_program(command);
    const std::string address = "127.0.0.1:" + std::to_string(proxy_program.port());

    ask_both_through("socks5://me:secret@" + address);

    for (const char* const who : {"", "me:wrong@"}) {
        client client({.proxies = {.http = proxy("socks5://" + std::string(who) + address)}});
        try {
            client.get("http://localhost/").result(watchdog);
            FAIL();
        } catch (const request_error& error) {
            EXPECT_EQ(error.code(), errc::proxy_refused) << error.what();
        }
    }
}

} // namespace

} // namespace cofutures::http
