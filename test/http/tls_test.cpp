// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/http/client.hpp>

#include "support/tls_server.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>

#include <unistd.h>

namespace cofutures::http {

namespace {

using namespace std::chrono_literals;
using test::certificate_claims;
using test::certificates;
using test::scripted_server;
using test::tls_connection;

constexpr auto watchdog = 10s;

// A certificate file that is removed again.
class trusted_file {
public:
    explicit trusted_file(const certificates& identity)
        : path_(std::filesystem::temp_directory_path() /
                ("cofutures_ca_" + std::to_string(::getpid()) + ".pem"))
    {
        identity.save_authority(path_);
    }
    ~trusted_file() { std::filesystem::remove(path_); }

    trusted_file(const trusted_file&) = delete;
    trusted_file& operator=(const trusted_file&) = delete;

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

std::string https(const scripted_server& server, const std::string& host)
{
    return "https://" + host + ":" + std::to_string(server.port()) + "/";
}

client_options trusting(const trusted_file& authority)
{
    return {.tls = {.ca_file = authority.path()},
            .addresses = {{"localhost", {"127.0.0.1"}}, {"else.test", {"127.0.0.1"}}}};
}

// The reason for which a request to `host` failed in the handshake.
std::string refusal(const certificates& identity, client_options options, const std::string& host)
{
    scripted_server server;
    client client(std::move(options));
    auto call = client.get(https(server, host));
    try {
        tls_connection connection(server.accept(), identity);
        connection.read_request();
        return "the server got a request";
    } catch (const std::runtime_error&) {
        // The client broke off, as it should.
    }
    try {
        call.result(watchdog);
    } catch (const request_error& error) {
        return error.code() == errc::tls_failed ? error.reason()
                                                : "failed otherwise: " + error.reason();
    }
    return "accepted";
}

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

TEST(HttpsClient, RefusesWhatItCannotTrust)
{
    const certificates identity;
    const trusted_file authority(identity);
    const certificates stranger;

    EXPECT_NE(refusal(stranger, trusting(authority), "localhost").find("TLS failed"),
              std::string::npos);
    EXPECT_NE(refusal(identity, {.addresses = {{"localhost", {"127.0.0.1"}}}}, "localhost")
                  .find("issuer"),
              std::string::npos)
        << "the system's authorities do not know ours";
}

TEST(HttpsClient, RefusesACertificateForAnotherName)
{
    const certificates identity(certificate_claims{.address = {}});
    const trusted_file authority(identity);

    EXPECT_EQ(refusal(identity, trusting(authority), "else.test"),
              "TLS failed: the certificate is not for 'else.test'");
    EXPECT_EQ(refusal(identity, trusting(authority), "127.0.0.1"),
              "TLS failed: the certificate is not for '127.0.0.1'");
}

TEST(HttpsClient, RefusesACertificateOutsideItsTime)
{
    const certificates expired(certificate_claims{.valid_from = -7200, .valid_until = -3600});
    const trusted_file authority(expired);
    EXPECT_EQ(refusal(expired, trusting(authority), "localhost"),
              "TLS failed: certificate has expired");
}

TEST(HttpsClient, RefusesACertificateBeforeItsTime)
{
    const certificates early(certificate_claims{.valid_from = 3600, .valid_until = 7200});
    const trusted_file authority(early);
    EXPECT_EQ(refusal(early, trusting(authority), "localhost"),
              "TLS failed: certificate is not yet valid");
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

TEST(HttpsClient, TakesAnEndOfTheConnectionAsAnEndOfTheBodyOnlyIfItIsOrderly)
{
    const certificates identity;
    const trusted_file authority(identity);
    scripted_server server;
    client client(trusting(authority));

    auto whole = client.get(https(server, "localhost"));
    {
        tls_connection connection(server.accept(), identity);
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\n\r\nall of it");
        connection.close_orderly();
    }
    EXPECT_EQ(whole.result(watchdog).body, "all of it");

    auto cut = client.get(https(server, "localhost"));
    {
        tls_connection connection(server.accept(), identity);
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\n\r\nhalf of");
    }
    EXPECT_THROW(cut.result(watchdog), request_error);
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
