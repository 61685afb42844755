// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A TLS end for scripted connections, with certificates made on the spot.

#include "scripted_server.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct ssl_ctx_st;

namespace cofutures::test {

/// What a certificate claims. Times are in seconds from now.
struct certificate_claims {
    std::string dns_name = "localhost";
    std::string address = "127.0.0.1"; ///< empty: none
    long valid_from = -3600;
    long valid_until = 3600;
    std::string subject = "test server"; ///< its common name; empty: no subject at all
    std::string more_names = {};         ///< further alternative names, as "DNS:a,DNS:b"
    std::string key = "P-256";           ///< a curve, or "RSA-2048"
    const char* digest = "SHA256";       ///< what the signature is made with
    bool self_signed = false;
    bool intermediate = false; ///< the authority signs an authority that signs the certificate
};

/// A certification authority with one server certificate.
class certificates {
public:
    explicit certificates(const certificate_claims& claims = {});
    ~certificates();

    certificates(const certificates&) = delete;
    certificates& operator=(const certificates&) = delete;

    /// Writes the authority's certificate in PEM form.
    void save_authority(const std::filesystem::path& path) const;

    /// Makes a server that uses this context present the certificate.
    void use_in(ssl_ctx_st* context) const;

    /// Writes the certificate with its chain in PEM form.
    void save_certificate(const std::filesystem::path& path) const;

    /// Writes the key in PEM form, encrypted if there is a password.
    void save_key(const std::filesystem::path& path, const std::string& password = {}) const;

    struct impl;
    const impl& get() const noexcept { return *impl_; }

private:
    std::unique_ptr<impl> impl_;
};

/// How a server speaks TLS.
struct tls_behaviour {
    int min_version = 0;       ///< as OpenSSL numbers them; 0: any
    int max_version = 0;       ///< as above
    const char* ciphers = "";  ///< of TLS 1.2, in OpenSSL's notation
    bool weak_keys = false;    ///< short keys for Diffie-Hellman
    bool sends_chain = true;   ///< the intermediate certificate, if there is one
    bool root_first = false;   ///< sends the root, too, and before the intermediate one
    bool selects_http = false; ///< agrees on http/1.1 by ALPN and refuses those who do not offer it
    bool asks_for_client = false; ///< wants a certificate from the same authority
};

/// A TLS server as such: what its connections have in common, its session tickets for one.
class tls_server {
public:
    explicit tls_server(const certificates& identity, const tls_behaviour& behaviour = {});
    ~tls_server();

    tls_server(const tls_server&) = delete;
    tls_server& operator=(const tls_server&) = delete;

    struct impl;
    const impl& get() const noexcept { return *impl_; }

private:
    std::unique_ptr<impl> impl_;
};

/// A connection on which the server speaks TLS.
///
/// **Blocks, Throws** as scripted_connection.
class tls_connection {
public:
    /// Does the server's part of the handshake; throws if it fails.
    tls_connection(scripted_connection plain, const tls_server& server);

    /// As above, for a server that is the only one of its kind.
    tls_connection(scripted_connection plain, const certificates& identity);
    ~tls_connection();

    tls_connection(const tls_connection&) = delete;
    tls_connection& operator=(const tls_connection&) = delete;

    /// Reads up to the end of one request's header.
    std::string read_request();
    void write(std::string_view bytes);

    /// Sends a session ticket, as servers of TLS 1.3 may at any time.
    void send_ticket();

    /// Says goodbye as TLS wants it, then closes. Without it, the destructor cuts the connection.
    void close_orderly();

    /// The name that the client asked for (SNI); empty if none.
    std::string server_name() const;

    /// The common name in the client's certificate; empty if it showed none.
    std::string client_name() const;

    /// The protocol agreed on by ALPN; empty if none.
    std::string protocol() const;

    /// Tells whether the client resumed an earlier session.
    bool resumed() const;

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace cofutures::test
