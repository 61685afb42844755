// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What the tests of https share: certificate files, and a client that trusts them.

#include <cofutures/http/client.hpp>

#include "support/tls_server.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>

#include <unistd.h>

namespace cofutures::http {

using test::certificate_claims;
using test::certificates;
using test::scripted_server;
using test::tls_behaviour;
using test::tls_connection;
using test::tls_server;

constexpr auto watchdog = std::chrono::seconds(10);

/// A file in the temporary folder that is removed again.
class pem_file {
public:
    explicit pem_file(const std::string& name)
        : path_(std::filesystem::temp_directory_path() /
                ("cofutures_" + std::to_string(::getpid()) + "_" + name + ".pem"))
    {}
    ~pem_file() { std::filesystem::remove(path_); }

    pem_file(const pem_file&) = delete;
    pem_file& operator=(const pem_file&) = delete;

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// The certificate of the authority behind `identity`, as a file.
class trusted_file : public pem_file {
public:
    explicit trusted_file(const certificates& identity) : pem_file("ca")
    {
        identity.save_authority(path());
    }
};

inline std::string https(const scripted_server& server, const std::string& host)
{
    return "https://" + host + ":" + std::to_string(server.port()) + "/";
}

inline client_options trusting(const trusted_file& authority)
{
    return {.tls = {.ca_file = authority.path()},
            .addresses = {{"localhost", {"127.0.0.1"}},
                          {"else.test", {"127.0.0.1"}},
                          {"www.else.test", {"127.0.0.1"}},
                          {"a.www.else.test", {"127.0.0.1"}}}};
}

/// What becomes of a request to `host`: "accepted", or the reason why it was refused.
inline std::string
verdict_on(const tls_server& tls, client_options options, const std::string& host = "localhost")
{
    scripted_server server;
    client client(std::move(options));
    auto call = client.get(https(server, host));
    try {
        tls_connection connection(server.accept(), tls);
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
        call.result(watchdog);
        return "accepted";
    } catch (const request_error&) {
        // Looked at below.
    } catch (const std::runtime_error&) {
        // The server noticed first that the client broke off.
    }
    try {
        call.result(watchdog);
    } catch (const request_error& error) {
        return error.code() == errc::tls_failed ? error.reason()
                                                : "failed otherwise: " + error.reason();
    }
    return "accepted, and the server failed";
}

} // namespace cofutures::http
