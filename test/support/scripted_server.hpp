// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A server that does exactly what a test tells it, byte by byte if asked.
///
/// It has no thread: the client under test is asynchronous, so the test starts a request, plays the
/// server line by line, and looks at the future. Every step has a watchdog that fails the test.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cofutures::test {

/// The server's end of one connection, closed by the destructor.
///
/// **Blocks** Every member, until it has happened, for ten seconds at most.
/// **Throws** `std::runtime_error` when the watchdog barks or the connection breaks.
class scripted_connection {
public:
    explicit scripted_connection(int descriptor) : descriptor_(descriptor) {}
    scripted_connection(scripted_connection&& other) noexcept;
    ~scripted_connection() { close(); }

    /// Reads one request, body included if it has a Content-Length.
    std::string read_request();

    /// Reads the head of a request, up to and with the empty line.
    std::string read_head();

    /// Reads exactly so many bytes.
    std::string read_bytes(std::size_t size);

    /// Writes everything, in pieces of `piece` bytes if that is not 0.
    void write(std::string_view bytes, std::size_t piece = 0);

    /// Writes a 200 with a body and its length.
    void write_ok(std::string_view body, std::string_view extra_fields = {});

    /// Waits until the other side has closed the connection; throws if it sends anything instead.
    void expect_closed();

    /// Waits until the other side has closed the connection, whatever it sends before.
    void wait_closed();

    void close() noexcept;

    /// Closes so that the other side gets "connection reset".
    void reset() noexcept;

    int descriptor() const noexcept { return descriptor_; }

private:
    bool read_more();

    int descriptor_;
    std::string buffer_;
};

/// A listening socket on a free port of 127.0.0.1.
class scripted_server {
public:
    scripted_server();
    ~scripted_server();

    scripted_server(const scripted_server&) = delete;
    scripted_server& operator=(const scripted_server&) = delete;

    /// Waits for the next connection, as a step of scripted_connection does.
    scripted_connection accept();

    std::uint16_t port() const noexcept { return port_; }

    /// "http://127.0.0.1:PORT" and then `target`; another host name on request.
    std::string url(std::string_view target, std::string_view host = "127.0.0.1") const;

private:
    int descriptor_;
    std::uint16_t port_;
};

/// A port of 127.0.0.1 on which nobody listens, for as long as this object holds it.
class refused_port {
public:
    refused_port();
    ~refused_port();

    refused_port(const refused_port&) = delete;
    refused_port& operator=(const refused_port&) = delete;

    std::uint16_t port() const noexcept { return port_; }

private:
    int descriptor_;
    std::uint16_t port_;
};

} // namespace cofutures::test
