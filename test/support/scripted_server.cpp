// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "scripted_server.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace cofutures::test {

namespace {

constexpr int watchdog_ms = 10'000;

void await(int descriptor, short events, const char* what)
{
    pollfd waited{descriptor, events, 0};
    int ready = 0;
    do {
        ready = ::poll(&waited, 1, watchdog_ms);
    } while (ready < 0 && errno == EINTR);
    if (ready == 0) {
        throw std::runtime_error(std::string("the scripted server waited too long for ") + what);
    }
}

void check(int result, const char* what)
{
    if (result < 0) {
        throw std::system_error(errno, std::system_category(), what);
    }
}

// A socket bound to a free port of the loopback address.
int bound_socket()
{
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(descriptor, "socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
    return descriptor;
}

std::uint16_t port_of(int descriptor)
{
    sockaddr_in address{};
    socklen_t size = sizeof address;
    check(::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    return ntohs(address.sin_port);
}

} // namespace

scripted_connection::scripted_connection(scripted_connection&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), buffer_(std::move(other.buffer_))
{}

bool scripted_connection::read_more()
{
    await(descriptor_, POLLIN, "bytes from the client");
    std::array<char, 65536> bytes;
    const ssize_t size = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
    if (size <= 0) {
        return false; // an end, orderly or not
    }
    buffer_.append(bytes.data(), static_cast<std::size_t>(size));
    return true;
}

std::string scripted_connection::read_request()
{
    std::size_t end = std::string::npos;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
        if (!read_more()) {
            throw std::runtime_error(
                "the client closed the connection instead of sending a request");
        }
    }
    std::size_t size = end + 4;
    const std::size_t length = buffer_.find("Content-Length: ");
    if (length < end) {
        size += std::strtoul(buffer_.c_str() + length + 16, nullptr, 10);
    }
    while (buffer_.size() < size) {
        if (!read_more()) {
            throw std::runtime_error(
                "the client closed the connection within the body of its request");
        }
    }
    std::string request = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return request;
}

std::string scripted_connection::read_head()
{
    std::size_t end = std::string::npos;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
        if (!read_more()) {
            throw std::runtime_error("the client closed the connection within a head");
        }
    }
    return read_bytes(end + 4);
}

std::string scripted_connection::read_bytes(std::size_t size)
{
    while (buffer_.size() < size) {
        if (!read_more()) {
            throw std::runtime_error("the client closed the connection after " +
                                     std::to_string(buffer_.size()) + " of " +
                                     std::to_string(size) + " bytes");
        }
    }
    std::string bytes = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return bytes;
}

void scripted_connection::write(std::string_view bytes, std::size_t piece)
{
    while (!bytes.empty()) {
        const std::size_t wanted = piece == 0 ? bytes.size() : std::min(piece, bytes.size());
        await(descriptor_, POLLOUT, "room to write");
        const ssize_t size = ::send(descriptor_, bytes.data(), wanted, MSG_NOSIGNAL);
        check(static_cast<int>(size), "send");
        bytes.remove_prefix(static_cast<std::size_t>(size));
    }
}

void scripted_connection::write_ok(std::string_view body, std::string_view extra_fields)
{
    write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
          std::string(extra_fields) + "\r\n" + std::string(body));
}

void scripted_connection::expect_closed()
{
    if (!buffer_.empty() || read_more()) {
        throw std::runtime_error("the client was to close the connection and sent: " + buffer_);
    }
}

void scripted_connection::wait_closed()
{
    while (read_more()) {
    }
}

void scripted_connection::close() noexcept
{
    if (descriptor_ >= 0) {
        ::close(std::exchange(descriptor_, -1));
    }
}

void scripted_connection::reset() noexcept
{
    const linger at_once{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
}

scripted_server::scripted_server() : descriptor_(bound_socket()), port_(port_of(descriptor_))
{
    check(::listen(descriptor_, 64), "listen");
}

scripted_server::~scripted_server()
{
    ::close(descriptor_);
}

scripted_connection scripted_server::accept()
{
    await(descriptor_, POLLIN, "a connection");
    const int accepted = ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
    check(accepted, "accept");
    // Else what a test writes may wait for an acknowledgement, and be lost if the test then closes.
    const int at_once = 1;
    ::setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    return scripted_connection(accepted);
}

std::string scripted_server::url(std::string_view target, std::string_view host) const
{
    return "http://" + std::string(host) + ":" + std::to_string(port_) + std::string(target);
}

// Bound and not listening: the port cannot be given to anyone else, and connections are refused.
refused_port::refused_port() : descriptor_(bound_socket()), port_(port_of(descriptor_)) {}

refused_port::~refused_port()
{
    ::close(descriptor_);
}

} // namespace cofutures::test
