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
    tls_connection(scripted_connection plain, const certificates& identity);
    ~tls_connection();

    tls_connection(const tls_connection&) = delete;
    tls_connection& operator=(const tls_connection&) = delete;

    /// Reads up to the end of one request's header.
    std::string read_request();
    void write(std::string_view bytes);

    /// Says goodbye as TLS wants it, then closes. Without it, the destructor cuts the connection.
    void close_orderly();

    /// The name that the client asked for (SNI); empty if none.
    std::string server_name() const;

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace cofutures::test
