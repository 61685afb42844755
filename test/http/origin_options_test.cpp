// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "tls_support.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

// Who a client says it is, how it gets to a server, and how fast that must be.

namespace cofutures::http {

namespace {

using namespace std::chrono_literals;
using test::scripted_connection;

// A file or socket in the temporary folder that is removed again.
class named_file {
public:
    explicit named_file(const std::string& name)
        : path(std::filesystem::temp_directory_path() /
               ("cofutures_" + std::to_string(::getpid()) + "_" + name))
    {}
    ~named_file() { std::filesystem::remove(path); }

    named_file(const named_file&) = delete;
    named_file& operator=(const named_file&) = delete;

    const std::filesystem::path path;
};

std::string asked_of(scripted_server& server, const future<response>& call)
{
    auto connection = server.accept();
    std::string request = connection.read_request();
    connection.write_ok("x", "Connection: close\r\n");
    EXPECT_EQ(call.result(watchdog).body, "x");
    return request;
}

bool names(const std::string& request, const credentials& expected)
{
    return request.find("\r\nAuthorization: " + expected.field() + "\r\n") != std::string::npos;
}

TEST(HttpAuthorization, IsSentAsGiven)
{
    scripted_server server;
    client client;
    const credentials basic = credentials::basic("me", "secret");
    const credentials bearer = credentials::bearer("token");

    EXPECT_TRUE(
        names(asked_of(server, client.get(server.url("/"), {.authorization = basic})), basic));
    EXPECT_TRUE(
        names(asked_of(server, client.get(server.url("/"), {.authorization = bearer})), bearer));
}

TEST(HttpAuthorization, StaysWithItsOriginAcrossRedirects)
{
    scripted_server server;
    scripted_server other;
    client client;
    const credentials mine = credentials::basic("me", "secret");

    auto call = client.get(server.url("/"), {.authorization = mine});
    {
        auto connection = server.accept();
        connection.read_request();
        connection.write("HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n");
        EXPECT_TRUE(names(connection.read_request(), mine));
        connection.write("HTTP/1.1 302 Found\r\nLocation: " + other.url("/") +
                         "\r\nContent-Length: 0\r\n\r\n");
    }
    auto elsewhere = other.accept();
    EXPECT_EQ(elsewhere.read_request().find("Authorization"), std::string::npos);
    elsewhere.write("HTTP/1.1 302 Found\r\nLocation: " + server.url("/back") +
                    "\r\nContent-Length: 0\r\n\r\n");
    auto back = server.accept();
    EXPECT_EQ(back.read_request().find("Authorization"), std::string::npos);
    back.write_ok("x");
    EXPECT_EQ(call.result(watchdog).body, "x");
}

TEST(HttpAuthorization, ComesFromNetrcWhereNothingElseIsGiven)
{
    const named_file file("netrc");
    std::ofstream(file.path) << "machine 127.0.0.1 login me password secret\n";
    scripted_server server;
    client client({.netrc_file = file.path});
    const credentials token = credentials::bearer("token");

    EXPECT_TRUE(
        names(asked_of(server, client.get(server.url("/"))), credentials::basic("me", "secret")));
    EXPECT_TRUE(
        names(asked_of(server, client.get(server.url("/"), {.authorization = token})), token));
    EXPECT_EQ(asked_of(server, client.get(server.url("/"), {.headers = {{"Authorization", "own"}}}))
                  .find("Basic"),
              std::string::npos);
}

TEST(HttpAuthorization, ComesFromTheClientUnlessTheRequestHasItsOwn)
{
    const named_file file("netrc_unused");
    std::ofstream(file.path) << "machine 127.0.0.1 login other password secret\n";
    scripted_server server;
    const credentials usual = credentials::bearer("usual");
    const credentials special = credentials::bearer("special");
    client client({.authorization = usual, .netrc_file = file.path});

    EXPECT_TRUE(names(asked_of(server, client.get(server.url("/"))), usual));
    EXPECT_TRUE(
        names(asked_of(server, client.get(server.url("/"), {.authorization = special})), special));
}

TEST(HttpAuthorization, NeedsANetrcThatCanBeRead)
{
    const named_file file("netrc_bad");
    std::ofstream(file.path) << "nonsense";
    EXPECT_THROW(client({.netrc_file = "/no/such/file"}), std::system_error);
    EXPECT_THROW(client({.netrc_file = file.path}), std::invalid_argument);
}

TEST(HttpInsecureRedirect, IsFollowedOnlyWhenAskedFor)
{
    const certificates identity;
    const trusted_file authority(identity);
    for (const bool allowed : {false, true}) {
        scripted_server secure;
        scripted_server plain;
        client_options options = trusting(authority);
        options.insecure_redirects = allowed;
        client client(options);
        auto call =
            client.get(https(secure, "localhost"), {.authorization = credentials::bearer("token")});
        tls_connection connection(secure.accept(), identity);
        connection.read_request();
        connection.write("HTTP/1.1 302 Found\r\nLocation: " + plain.url("/") +
                         "\r\nContent-Length: 0\r\n\r\n");
        if (allowed) {
            EXPECT_EQ(asked_of(plain, call).find("token"), std::string::npos);
        } else {
            try {
                call.result(watchdog);
                ADD_FAILURE() << "followed";
            } catch (const request_error& error) {
                EXPECT_EQ(error.code(), errc::insecure_redirect);
            }
        }
    }
}

TEST(HttpUnixSocket, TakesTheRequestsInPlaceOfTheHost)
{
    const named_file file("socket");
    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    file.path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(listener, 8), 0);
    client client({.unix_socket = file.path});

    auto first = client.get("http://daemon.test/version");
    scripted_connection connection(::accept(listener, nullptr, nullptr));
    const std::string request = connection.read_request();
    connection.write_ok("one");
    EXPECT_EQ(first.result(watchdog).body, "one");
    EXPECT_TRUE(request.starts_with("GET /version HTTP/1.1\r\nHost: daemon.test\r\n")) << request;

    auto second = client.get("http://daemon.test/again");
    connection.read_request();
    connection.write_ok("two");
    EXPECT_EQ(second.result(watchdog).body, "two");
    ::close(listener);
}

TEST(HttpUnixSocket, ReportsThatNobodyListens)
{
    client missing({.unix_socket = "/no/such/socket"});
    try {
        missing.get("http://daemon.test/").result(watchdog);
        FAIL();
    } catch (const request_error& error) {
        EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
    }
    EXPECT_THROW(client({.unix_socket = std::string(200, 'x')}), std::invalid_argument);
}

TEST(HttpMinSpeed, EndsABodyThatComesTooSlowly)
{
    scripted_server server;
    client client;
    time_limits limits;
    limits.min_speed = 1'000'000;
    limits.min_speed_window = 30ms;

    auto call = client.get(server.url("/"), {.limits = limits});
    auto connection = server.accept();
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome");

    try {
        call.result(watchdog);
        FAIL();
    } catch (const request_error& error) {
        EXPECT_EQ(error.code(), errc::too_slow);
        EXPECT_TRUE(is_timeout(error.code()));
        EXPECT_TRUE(is_retryable(error.code()));
    }
}

TEST(HttpMinSpeed, LeavesAFastBodyAlone)
{
    scripted_server server;
    client client;
    time_limits limits;
    limits.min_speed = 1;
    limits.min_speed_window = 5s;

    auto call = client.get(server.url("/"), {.limits = limits});
    auto connection = server.accept();
    connection.read_request();
    connection.write_ok(std::string(1'000'000, 'x'));

    EXPECT_EQ(call.result(watchdog).body.size(), 1'000'000u);
}

} // namespace

} // namespace cofutures::http
