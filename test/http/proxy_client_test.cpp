// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "tls_support.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/socket.h>

// What the client says to proxies, and what it makes of their answers.

namespace cofutures::http {

namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using test::scripted_connection;

std::string address_of(const scripted_server& server)
{
    return "127.0.0.1:" + std::to_string(server.port());
}

client_options through(const scripted_server& server, const std::string& before = "http://")
{
    const proxy by(before + address_of(server));
    return {.proxies = {.http = by, .https = by}};
}

bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

request_error failure_of(const future<response>& call)
{
    try {
        call.result(watchdog);
    } catch (const request_error& error) {
        return error;
    }
    throw std::runtime_error("the request did not fail");
}

TEST(HttpProxyClient, AsksForWholeUrls)
{
    scripted_server server;
    client client(through(server, "http://me:secret@"));

    auto first = client.get("http://origin.test/a?b");
    auto connection = server.accept();
    const std::string request = connection.read_request();
    connection.write_ok("one");
    EXPECT_EQ(first.result(watchdog).body, "one");
    EXPECT_TRUE(request.starts_with("GET http://origin.test/a?b HTTP/1.1\r\nHost: origin.test\r\n"))
        << request;
    EXPECT_TRUE(contains(request, "\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n")) << request;

    auto second = client.get("http://origin.test/");
    connection.read_request();
    connection.write("HTTP/1.1 407 Who?\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(second.result(watchdog).status, 407);
}

TEST(HttpProxyClient, TunnelsToHttpsServers)
{
    const certificates identity;
    const trusted_file authority(identity);
    scripted_server server;
    client_options options = trusting(authority);
    options.proxies.https = proxy("http://me:secret@" + address_of(server));
    client client(std::move(options));

    auto call = client.get("https://localhost/a",
                           {.headers = {{"Proxy-Authorization", "from the caller"}}});
    auto connection = server.accept();
    const std::string asked = connection.read_request();
    EXPECT_TRUE(asked.starts_with("CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n"))
        << asked;
    EXPECT_TRUE(contains(asked, "\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n")) << asked;
    connection.write("HTTP/1.0 200 Connection established\r\nVia: us\r\n\r\n", 1);
    tls_connection tunnel(std::move(connection), identity);
    const std::string request = tunnel.read_request();
    EXPECT_TRUE(request.starts_with("GET /a HTTP/1.1\r\nHost: localhost\r\n")) << request;
    EXPECT_FALSE(contains(request, "Proxy-Authorization")) << request;
    tunnel.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");

    EXPECT_EQ(call.result(watchdog).body, "x");
    EXPECT_EQ(tunnel.server_name(), "localhost");
}

TEST(HttpProxyClient, SaysWhyThereIsNoTunnel)
{
    struct refusal {
        std::string answer;
        errc code;
        bool passing;
    };
    for (const refusal& each :
         {refusal{"HTTP/1.1 407 Authentication Required\r\nContent-Length: 4\r\n\r\nWho?",
                  errc::proxy_refused,
                  false},
          refusal{"HTTP/1.1 403 Forbidden\r\n\r\n", errc::proxy_refused, false},
          refusal{"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", errc::proxy_refused, false},
          refusal{"HTTP/1.1 502 Bad Gateway\r\n\r\n", errc::proxy_failed, true},
          refusal{"HTTP/1.1 200", errc::proxy_failed, true},
          refusal{"", errc::proxy_failed, true},
          refusal{"SSH-2.0\r\n\r\n", errc::bad_response, false}}) {
        scripted_server server;
        client client(through(server));
        auto call = client.get("https://origin.test/");
        auto connection = server.accept();
        connection.read_request();
        connection.write(each.answer);
        connection.close();
        const request_error error = failure_of(call);
        EXPECT_EQ(error.code(), each.code) << error.what() << each.answer;
        EXPECT_EQ(is_retryable(error.code()), each.passing) << error.what();
        if (error.code() != errc::bad_response) {
            EXPECT_TRUE(contains(error.what(), "http://" + address_of(server))) << error.what();
        }
    }
}

TEST(HttpProxyClient, WaitsForATunnelAsLongAsForAConnection)
{
    for (const char* const kind : {"http://", "socks5://"}) {
        scripted_server server;
        client client(through(server, kind));
        time_limits limits;
        limits.connect = 30ms;
        auto call = client.get("https://origin.test/", {.limits = limits});
        auto connection = server.accept();
        EXPECT_EQ(failure_of(call).code(), errc::connect_timed_out);
        connection.wait_closed();
    }
}

TEST(HttpProxyClient, IsNotUsedForHostsThatAreReachedDirectly)
{
    scripted_server server;
    client_options options;
    options.proxies.http = proxy("http://unused.test:9");
    options.proxies.direct = {"127.0.0.0/8"};
    client client(std::move(options));

    auto call =
        client.get(server.url("/a"), {.headers = {{"Proxy-Authorization", "from the caller"}}});
    auto connection = server.accept();
    const std::string request = connection.read_request();
    connection.write_ok("x");

    EXPECT_EQ(call.result(watchdog).body, "x");
    EXPECT_TRUE(request.starts_with("GET /a HTTP/1.1\r\n"));
    EXPECT_FALSE(contains(request, "Proxy-Authorization"));
}

TEST(HttpProxyClient, CannotGoThroughAUnixSocket)
{
    client_options options;
    options.unix_socket = "/tmp/some.socket";
    options.proxies.http = proxy("http://unused.test");
    EXPECT_THROW(client(std::move(options)), std::invalid_argument);
}

// ---- SOCKS -------------------------------------------------------------------------------------

std::string read_bytes(const scripted_connection& connection, std::size_t size)
{
    std::string bytes(size, '\0');
    std::size_t there = 0;
    while (there < size) {
        pollfd ready{connection.descriptor(), POLLIN, 0};
        if (::poll(&ready, 1, 10'000) != 1) {
            throw std::runtime_error("the client did not write");
        }
        const ssize_t more = ::recv(connection.descriptor(), bytes.data() + there, size - there, 0);
        if (more <= 0) {
            throw std::runtime_error("the client closed the connection");
        }
        there += static_cast<std::size_t>(more);
    }
    return bytes;
}

TEST(HttpSocks, HandsTheNameOverAndThenTalksToTheServer)
{
    scripted_server server;
    client client(through(server, "socks5://"));

    auto call = client.get("http://origin.test:8080/a");
    auto connection = server.accept();
    EXPECT_EQ(read_bytes(connection, 3), "\x05\x01\x00"s);
    connection.write("\x05\x00"s, 1);
    EXPECT_EQ(read_bytes(connection, 4 + 1 + 11 + 2), "\x05\x01\x00\x03\x0borigin.test\x1f\x90"s);
    connection.write("\x05\x00\x00\x01\x7f\x00\x00\x01\x12\x34"s, 1);
    const std::string request = connection.read_request();
    connection.write_ok("x");

    EXPECT_EQ(call.result(watchdog).body, "x");
    EXPECT_TRUE(request.starts_with("GET /a HTTP/1.1\r\nHost: origin.test:8080\r\n")) << request;
    EXPECT_FALSE(contains(request, "Proxy-"));
}

TEST(HttpSocks, LogsIn)
{
    const certificates identity;
    const trusted_file authority(identity);
    scripted_server server;
    client_options options = trusting(authority);
    options.proxies.https = proxy("socks5://me:secret@" + address_of(server));
    client client(std::move(options));

    auto call = client.get("https://localhost/");
    auto connection = server.accept();
    EXPECT_EQ(read_bytes(connection, 4), "\x05\x02\x00\x02"s);
    connection.write("\x05\x02"s);
    EXPECT_EQ(read_bytes(connection, 11), "\x01\x02me\x06secret"s);
    connection.write("\x01\x00"s);
    read_bytes(connection, 4 + 1 + 9 + 2);
    connection.write("\x05\x00\x00\x03\x04host\x12\x34"s);
    tls_connection tunnel(std::move(connection), identity);
    tunnel.read_request();
    tunnel.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");

    EXPECT_EQ(call.result(watchdog).body, "x");
}

TEST(HttpSocks, HandsAddressesOverAsSuch)
{
    scripted_server server;
    client client(through(server, "socks5://"));
    {
        auto call = client.get("http://192.0.2.1/");
        auto connection = server.accept();
        read_bytes(connection, 3);
        connection.write("\x05\x00"s);
        EXPECT_EQ(read_bytes(connection, 10), "\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x50"s);
        call.request_stop();
        connection.wait_closed();
    }
    auto call = client.get("http://[::1]/");
    auto connection = server.accept();
    read_bytes(connection, 3);
    connection.write("\x05\x00"s);
    EXPECT_EQ(read_bytes(connection, 22),
              "\x05\x01\x00\x04"s + std::string(15, '\0') + "\x01\x00\x50"s);
    connection.write("\x05\x00\x00\x04"s + std::string(18, '\0'));
    connection.read_request();
    connection.write_ok("x");
    EXPECT_EQ(call.result(watchdog).body, "x");
}

TEST(HttpSocks, SaysWhyThereIsNoWay)
{
    struct refusal {
        std::string method;
        std::string answer;
        errc code;
    };
    for (const refusal& each : {refusal{"\x05\xff"s, "", errc::proxy_refused},
                                refusal{"\x05\x02"s, "", errc::proxy_refused}, // was not offered
                                refusal{"\x04\x00"s, "", errc::proxy_refused},
                                refusal{"HTTP", "", errc::proxy_refused},
                                refusal{"\x05"s, "", errc::proxy_failed},
                                refusal{"\x05\x00"s, "\x05\x01\x00\x01"s, errc::proxy_failed},
                                refusal{"\x05\x00"s, "\x05\x02\x00\x01"s, errc::proxy_refused},
                                refusal{"\x05\x00"s, "\x05\x05\x00\x01"s, errc::proxy_failed},
                                refusal{"\x05\x00"s, "\x05\x63\x00\x01"s, errc::proxy_refused},
                                refusal{"\x05\x00"s, "\x05\x00\x00\x07"s, errc::proxy_refused},
                                refusal{"\x05\x00"s, "\x05\x00\x00\x03\xff"s, errc::proxy_failed},
                                refusal{"\x05\x00"s, "\x04\x00\x00\x01"s, errc::proxy_refused}}) {
        scripted_server server;
        client client(through(server, "socks5://"));
        auto call = client.get("http://origin.test/");
        auto connection = server.accept();
        read_bytes(connection, 3);
        connection.write(each.method);
        if (!each.answer.empty()) {
            read_bytes(connection, 18);
            connection.write(each.answer);
        }
        ::shutdown(connection.descriptor(), SHUT_WR);
        const request_error error = failure_of(call);
        EXPECT_EQ(error.code(), each.code) << error.what();
    }
}

} // namespace

} // namespace cofutures::http
