// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/http/client.hpp>

#include "tls_support.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <chrono>
#include <string>

namespace cofutures::http {

namespace {

using namespace std::chrono_literals;

TEST(HttpsClient, TalksToAServerThatProvesItsName)
{
    const certificates identity;
    const trusted_file authority(identity);
    scripted_server server;
    client client(trusting(authority));

    auto call = client.get(https(server, "localhost"));
    tls_connection connection(server.accept(), identity);
    const std::string request = connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");

    EXPECT_EQ(call.result(watchdog).body, "hello");
    EXPECT_EQ(connection.server_name(), "localhost");
    EXPECT_NE(request.find("Host: localhost:"), std::string::npos) << request;

    auto again = client.get(https(server, "localhost"));
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nagain");
    EXPECT_EQ(again.result(watchdog).body, "again");
    EXPECT_EQ(client.stats().connections_opened, 1u);
}

// An answer to nothing: taken for the next request's, it would put every later one off by one.
TEST(HttpsClient, UsesNoConnectionOnWhichAnAnswerCameUnasked)
{
    const certificates identity;
    const trusted_file authority(identity);
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const tls_server tls(identity, {.min_version = version, .max_version = version});
        scripted_server server;
        client client(trusting(authority));

        auto call = client.get(https(server, "localhost"));
        tls_connection connection(server.accept(), tls);
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none");
        EXPECT_EQ(call.result(watchdog).body, "one");
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\npoisoned");

        auto next = client.get(https(server, "localhost"));
        tls_connection other(server.accept(), tls);
        other.read_request();
        other.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo");
        EXPECT_EQ(next.result(watchdog).body, "two");
    }
}

TEST(HttpsClient, UsesAConnectionOnWhichOnlyATicketCame)
{
    const certificates identity;
    const trusted_file authority(identity);
    const tls_server tls(identity, {.min_version = TLS1_3_VERSION});
    scripted_server server;
    client client(trusting(authority));

    auto call = client.get(https(server, "localhost"));
    tls_connection connection(server.accept(), tls);
    for (const char* body : {"one", "two", "six"}) {
        connection.read_request();
        connection.write(std::string("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n") + body);
        EXPECT_EQ(call.result(watchdog).body, body);
        connection.send_ticket();
        call = client.get(https(server, "localhost"));
    }
    connection.read_request();
    EXPECT_EQ(client.stats().connections_opened, 1u);

    connection.close_orderly();
    tls_connection other(server.accept(), tls);
    other.read_request();
    other.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlast");
    EXPECT_EQ(call.result(watchdog).body, "last");
    EXPECT_TRUE(other.resumed()) << "by a ticket that came late";
}

TEST(HttpsClient, AcceptsAnAddressThatTheCertificateNamesAndSendsNoServerName)
{
    const certificates identity;
    const trusted_file authority(identity);
    scripted_server server;
    client client(trusting(authority));

    auto call = client.get(https(server, "127.0.0.1"));
    tls_connection connection(server.accept(), identity);
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");

    EXPECT_EQ(call.result(watchdog).body, "x");
    EXPECT_EQ(connection.server_name(), "");
}

TEST(HttpsClient, AcceptsAnythingOnlyWhenToldSo)
{
    const certificates stranger;
    scripted_server server;
    client client({.tls = {.verification = tls_options::verification::unchecked}});

    auto call = client.get(https(server, "127.0.0.1"));
    tls_connection connection(server.accept(), stranger);
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");

    EXPECT_EQ(call.result(watchdog).body, "x");
}

TEST(HttpsClient, ReportsAServerThatDoesNotSpeakTls)
{
    scripted_server server;
    client client({.addresses = {{"localhost", {"127.0.0.1"}}}});

    auto call = client.get(https(server, "localhost"));
    auto connection = server.accept();
    connection.write("HTTP/1.1 400 Bad Request\r\n\r\n");

    try {
        call.result(watchdog);
        FAIL() << "expected request_error";
    } catch (const request_error& error) {
        EXPECT_EQ(error.code(), errc::tls_failed) << error.what();
    }
}

TEST(HttpsClient, NamesACertificateFileThatCannotBeUsed)
{
    scripted_server server;
    client client({.tls = {.ca_file = "/no/such/file.pem"}});

    auto call = client.get(https(server, "127.0.0.1"));

    try {
        call.result(watchdog);
        FAIL() << "expected request_error";
    } catch (const request_error& error) {
        EXPECT_EQ(error.code(), errc::tls_failed);
        EXPECT_NE(error.reason().find("/no/such/file.pem"), std::string::npos) << error.reason();
    }
}

} // namespace

} // namespace cofutures::http
