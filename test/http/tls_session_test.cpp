// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "tls_support.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <fstream>
#include <string>
#include <utility>

// What a client shows to servers, what it remembers of them, and how their connections end.

namespace cofutures::http {

namespace {

constexpr const char* short_answer = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
                                     "Connection: close\r\n\r\nx";

class HttpsClientCertificate : public testing::Test {
protected:
    client_options with_certificate() const
    {
        client_options options = trusting(authority);
        options.tls.certificate_file = chain.path();
        options.tls.key_file = key.path();
        return options;
    }

    const certificates identity{certificate_claims{.intermediate = true}};
    const trusted_file authority{identity};
    const pem_file chain{"chain"};
    const pem_file key{"key"};
    // TLS 1.2 refuses a client within the handshake, 1.3 only after it.
    const tls_server tls{identity,
                         tls_behaviour{.max_version = TLS1_2_VERSION, .asks_for_client = true}};
};

TEST_F(HttpsClientCertificate, IsShownToAServerThatAsks)
{
    identity.save_certificate(chain.path());
    identity.save_key(key.path());
    scripted_server server;
    client client(with_certificate());

    auto call = client.get(https(server, "localhost"));
    tls_connection connection(server.accept(), tls);
    connection.read_request();
    connection.write(short_answer);

    EXPECT_EQ(call.result(watchdog).body, "x");
    EXPECT_EQ(connection.client_name(), "test server");
}

TEST_F(HttpsClientCertificate, MayHaveAnEncryptedKey)
{
    identity.save_certificate(chain.path());
    identity.save_key(key.path(), "sesame");
    client_options options = with_certificate();
    options.tls.key_password = "sesame";

    EXPECT_EQ(verdict_on(tls, options), "accepted");
}

TEST_F(HttpsClientCertificate, FailsTheRequestWhenMissing)
{
    const std::string verdict = verdict_on(tls, trusting(authority));
    EXPECT_NE(verdict.find("handshake failure"), std::string::npos) << verdict;
}

TEST_F(HttpsClientCertificate, FailsTheRequestWhenMissingUnderTls13)
{
    const tls_server newer(identity,
                           tls_behaviour{.min_version = TLS1_3_VERSION, .asks_for_client = true});
    const std::string verdict = verdict_on(newer, trusting(authority));
    EXPECT_NE(verdict.find("certificate required"), std::string::npos) << verdict;
}

TEST_F(HttpsClientCertificate, NamesTheFileThatCannotBeUsed)
{
    identity.save_certificate(chain.path());
    identity.save_key(key.path(), "sesame");
    const auto reason_with = [](client_options options) {
        client client(std::move(options));
        try {
            client.get("https://127.0.0.1:1/").result(watchdog);
        } catch (const request_error& error) {
            return error.reason();
        }
        return std::string("no failure");
    };
    client_options no_password = with_certificate();
    client_options no_key = with_certificate();
    no_key.tls.key_file.clear();
    client_options no_certificate = with_certificate();
    no_certificate.tls.certificate_file = "/no/such/file";

    EXPECT_NE(reason_with(no_password).find(key.path().string()), std::string::npos);
    EXPECT_NE(reason_with(no_key).find(chain.path().string()), std::string::npos);
    EXPECT_NE(reason_with(no_certificate).find("/no/such/file"), std::string::npos);
}

class HttpsSession : public testing::TestWithParam<int> {
protected:
    const certificates identity;
    const trusted_file authority{identity};
    const tls_server tls{identity,
                         tls_behaviour{.min_version = GetParam(), .max_version = GetParam()}};
    scripted_server server;
};

TEST_P(HttpsSession, IsResumedOverTheNextConnection)
{
    client client(trusting(authority));
    for (int i = 0; i < 3; ++i) {
        auto call = client.get(https(server, "localhost"));
        tls_connection connection(server.accept(), tls);
        connection.read_request();
        connection.write(short_answer);
        EXPECT_EQ(call.result(watchdog).body, "x");
        EXPECT_EQ(connection.resumed(), i > 0);
    }
    EXPECT_EQ(client.stats().tls_resumed, 2u);
}

TEST_P(HttpsSession, BelongsToTheHostThatGaveIt)
{
    const certificates both(certificate_claims{.more_names = "DNS:else.test"});
    const trusted_file trusted(both);
    const tls_server twin(both,
                          tls_behaviour{.min_version = GetParam(), .max_version = GetParam()});
    client client(trusting(trusted));
    for (const char* host : {"localhost", "else.test"}) {
        auto call = client.get(https(server, host));
        tls_connection connection(server.accept(), twin);
        connection.read_request();
        connection.write(short_answer);
        EXPECT_EQ(call.result(watchdog).body, "x");
        EXPECT_FALSE(connection.resumed()) << host;
    }
}

std::string version_name(const testing::TestParamInfo<int>& version)
{
    return version.param == TLS1_2_VERSION ? "Version12" : "Version13";
}

INSTANTIATE_TEST_SUITE_P(Tls,
                         HttpsSession,
                         testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         version_name);

TEST(HttpsAlpn, OffersHttp11)
{
    const certificates identity;
    const trusted_file authority(identity);
    const tls_server tls(identity, tls_behaviour{.selects_http = true});
    scripted_server server;
    client client(trusting(authority));

    auto call = client.get(https(server, "localhost"));
    tls_connection connection(server.accept(), tls);
    connection.read_request();
    connection.write(short_answer);

    EXPECT_EQ(call.result(watchdog).body, "x");
    EXPECT_EQ(connection.protocol(), "http/1.1");
}

// What becomes of an answer whose connection then ends, orderly or not.
class HttpsEnd : public testing::Test {
protected:
    std::string body_of(const std::string& answer, bool orderly)
    {
        scripted_server server;
        client client(trusting(authority));
        auto call = client.get(https(server, "localhost"));
        {
            tls_connection connection(server.accept(), tls);
            connection.read_request();
            if (!answer.empty()) {
                connection.write(answer);
            }
            if (orderly) {
                connection.close_orderly();
            }
        }
        try {
            return call.result(watchdog).body;
        } catch (const request_error& error) {
            return error.code().message();
        }
    }

    const std::string cut_off = make_error_code(errc::body_truncated).message();
    const std::string closed = make_error_code(errc::connection_closed).message();
    const certificates identity;
    const trusted_file authority{identity};
    const tls_server tls{identity};
};

TEST_F(HttpsEnd, CompletesABodyWithoutLengthOnlyIfItIsOrderly)
{
    EXPECT_EQ(body_of("HTTP/1.1 200 OK\r\n\r\nall of it", true), "all of it");
    EXPECT_EQ(body_of("HTTP/1.1 200 OK\r\n\r\nhalf of", false), cut_off);
}

TEST_F(HttpsEnd, DoesNoHarmAfterACompleteBody)
{
    EXPECT_EQ(body_of("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nall", false), "all");
    EXPECT_EQ(body_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "3\r\nall\r\n0\r\n\r\n",
                      false),
              "all");
}

TEST_F(HttpsEnd, CutsABodyWithALengthHoweverPolite)
{
    for (const bool orderly : {true, false}) {
        EXPECT_EQ(body_of("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", orderly), cut_off);
        EXPECT_EQ(
            body_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", orderly),
            cut_off);
    }
}

TEST_F(HttpsEnd, BeforeAnAnswerIsAClosedConnection)
{
    EXPECT_EQ(body_of("", true), closed);
    EXPECT_EQ(body_of("", false), closed);
    EXPECT_EQ(body_of("HTTP/1.1 200 OK\r\nCont", false), closed);
}

} // namespace

} // namespace cofutures::http
