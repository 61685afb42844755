// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "tls_support.hpp"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

// The collection of good and bad servers that every client should be held against.

namespace cofutures::http {

namespace {

struct tls_case {
    const char* name;
    certificate_claims claims = {};
    tls_behaviour behaviour = {};
    std::string host = "localhost";
    std::string reason = {}; ///< a part of it, for the cases that are refused
};

void PrintTo(const tls_case& shown, std::ostream* out)
{
    *out << shown.name;
}

std::string thousand_names()
{
    std::string names = "DNS:a0.test";
    for (int i = 1; i < 999; ++i) {
        names += ",DNS:a" + std::to_string(i) + ".test";
    }
    return names;
}

const std::vector<tls_case>& accepted_cases()
{
    static const std::vector<tls_case> cases = {
        {.name = "P256"},
        {.name = "P384", .claims = {.key = "P-384"}},
        {.name = "Rsa2048", .claims = {.key = "RSA-2048"}},
        {.name = "Rsa4096", .claims = {.key = "RSA-4096"}},
        {.name = "Tls12", .behaviour = {.max_version = TLS1_2_VERSION}},
        {.name = "Tls13", .behaviour = {.min_version = TLS1_3_VERSION}},
        {.name = "Wildcard", .claims = {.dns_name = "*.else.test"}, .host = "www.else.test"},
        {.name = "ThousandNames", .claims = {.more_names = thousand_names()}},
        {.name = "NoSubject", .claims = {.subject = ""}},
        {.name = "LastDotOfAHost", .host = "localhost."},
        {.name = "Intermediate", .claims = {.intermediate = true}},
        {.name = "ReversedChain",
         .claims = {.intermediate = true},
         .behaviour = {.root_first = true}},
        {.name = "Alpn", .behaviour = {.selects_http = true}},
    };
    return cases;
}

const std::vector<tls_case>& refused_cases()
{
    static const std::vector<tls_case> cases = {
        {.name = "Expired",
         .claims = {.valid_from = -7200, .valid_until = -3600},
         .reason = "certificate has expired"},
        {.name = "NotYetValid",
         .claims = {.valid_from = 3600, .valid_until = 7200},
         .reason = "certificate is not yet valid"},
        {.name = "WrongHost",
         .host = "else.test",
         .reason = "TLS failed: the certificate is not for 'else.test'"},
        {.name = "AddressWithoutItsName",
         .claims = {.address = {}},
         .host = "127.0.0.1",
         .reason = "TLS failed: the certificate is not for '127.0.0.1'"},
        {.name = "WildcardTwoLabelsDeep",
         .claims = {.dns_name = "*.else.test"},
         .host = "a.www.else.test",
         .reason = "not for 'a.www.else.test'"},
        {.name = "WildcardForItsOwnDomain",
         .claims = {.dns_name = "*.else.test"},
         .host = "else.test",
         .reason = "not for 'else.test'"},
        {.name = "PartialWildcard",
         .claims = {.dns_name = "w*.else.test"},
         .host = "www.else.test",
         .reason = "not for 'www.else.test'"},
        {.name = "NoNameAtAll",
         .claims = {.dns_name = {}, .address = {}, .subject = ""},
         .reason = "not for 'localhost'"},
        {.name = "CommonNameOnly",
         .claims = {.dns_name = {}, .address = {}, .subject = "localhost"},
         .reason = "not for 'localhost'"},
        {.name = "SelfSigned", .claims = {.self_signed = true}, .reason = "self-signed"},
        {.name = "IncompleteChain",
         .claims = {.intermediate = true},
         .behaviour = {.sends_chain = false},
         .reason = "unable to get local issuer certificate"},
        {.name = "Sha1Signature", .claims = {.digest = "SHA1"}, .reason = "too weak"},
        {.name = "Rsa1024", .claims = {.key = "RSA-1024"}, .reason = "too weak"},
        {.name = "Tls10And11",
         .behaviour = {.min_version = TLS1_VERSION, .max_version = TLS1_1_VERSION},
         .reason = "version"},
        {.name = "NullCipher",
         .behaviour = {.max_version = TLS1_2_VERSION, .ciphers = "eNULL:@SECLEVEL=0"},
         .reason = "handshake failure"},
        {.name = "WeakDiffieHellman",
         .claims = {.key = "RSA-2048"},
         .behaviour = {.max_version = TLS1_2_VERSION,
                       .ciphers = "kDHE:@SECLEVEL=0",
                       .weak_keys = true},
         .reason = "dh key too small"},
    };
    return cases;
}

class HttpsAccepts : public testing::TestWithParam<tls_case> {};
class HttpsRefuses : public testing::TestWithParam<tls_case> {};

std::string verdict_on(const tls_case& wanted)
{
    const certificates identity(wanted.claims);
    const trusted_file authority(identity);
    client_options options = trusting(authority);
    options.addresses.insert({"localhost.", {"127.0.0.1"}});
    return verdict_on(tls_server(identity, wanted.behaviour), options, wanted.host);
}

TEST_P(HttpsAccepts, AServerThatDoesItRight)
{
    EXPECT_EQ(verdict_on(GetParam()), "accepted");
}

TEST_P(HttpsRefuses, AServerThatDoesItWrong)
{
    const std::string verdict = verdict_on(GetParam());
    EXPECT_TRUE(verdict.starts_with("TLS failed: ")) << verdict;
    EXPECT_NE(verdict.find(GetParam().reason), std::string::npos) << verdict;
}

const auto case_name = [](const testing::TestParamInfo<tls_case>& info) { return info.param.name; };

INSTANTIATE_TEST_SUITE_P(Tls, HttpsAccepts, testing::ValuesIn(accepted_cases()), case_name);
INSTANTIATE_TEST_SUITE_P(Tls, HttpsRefuses, testing::ValuesIn(refused_cases()), case_name);

TEST(HttpsTrust, DoesNotExtendToStrangers)
{
    const certificates identity;
    const trusted_file authority(identity);
    const certificates stranger;

    EXPECT_TRUE(verdict_on(tls_server(stranger), trusting(authority)).starts_with("TLS failed"));
}

TEST(HttpsTrust, ComesFromTheSystemTheFileOrBoth)
{
    const certificates identity;
    const trusted_file authority(identity);
    const tls_server tls(identity);
    client_options system = trusting(authority);
    system.tls.ca_file.clear();
    client_options file_only = trusting(authority);
    file_only.tls.system_authorities = false;
    client_options nothing = system;
    nothing.tls.system_authorities = false;

    EXPECT_NE(verdict_on(tls, system).find("issuer"), std::string::npos);
    EXPECT_EQ(verdict_on(tls, file_only), "accepted");
    EXPECT_NE(verdict_on(tls, nothing).find("issuer"), std::string::npos);
}

std::string hashed_name(const std::filesystem::path& certificate)
{
    const std::unique_ptr<BIO, decltype(&BIO_free)> file(BIO_new_file(certificate.c_str(), "r"),
                                                         &BIO_free);
    const std::unique_ptr<X509, decltype(&X509_free)> read(
        PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr), &X509_free);
    std::array<char, 16> name{};
    std::snprintf(name.data(), name.size(), "%08lx.0", X509_subject_name_hash(read.get()));
    return name.data();
}

// Stands in for the system's authorities by the variable that OpenSSL knows, so that what is
// switched off is known to work when it is on.
TEST(HttpsTrust, ExcludesTheSystemWhenAskedTo)
{
    const certificates identity;
    const trusted_file authority(identity);
    const tls_server tls(identity);
    client_options system = trusting(authority);
    system.tls.ca_file.clear();
    client_options excluded = system;
    excluded.tls.system_authorities = false;

    ASSERT_EQ(::setenv("SSL_CERT_FILE", authority.path().c_str(), 1), 0);
    const std::string with = verdict_on(tls, system);
    const std::string without = verdict_on(tls, excluded);
    ::unsetenv("SSL_CERT_FILE");

    EXPECT_EQ(with, "accepted");
    EXPECT_NE(without.find("issuer"), std::string::npos) << without;
}

// A folder as c_rehash leaves it: the authority's file has the hash of its subject for a name.
TEST(HttpsTrust, FindsAuthoritiesByTheirHash)
{
    const certificates identity;
    const trusted_file authority(identity);
    const tls_server tls(identity);
    std::filesystem::path folder = authority.path();
    folder += ".hashed";
    std::filesystem::create_directory(folder);
    client_options system = trusting(authority);
    system.tls.ca_file.clear();

    ASSERT_EQ(::setenv("SSL_CERT_DIR", folder.c_str(), 1), 0);
    const std::string before = verdict_on(tls, system);
    std::filesystem::copy(authority.path(), folder / hashed_name(authority.path()));
    const std::string after = verdict_on(tls, system);
    ::unsetenv("SSL_CERT_DIR");
    std::filesystem::remove_all(folder);

    EXPECT_NE(before.find("issuer"), std::string::npos) << before;
    EXPECT_EQ(after, "accepted");
}

} // namespace

} // namespace cofutures::http
