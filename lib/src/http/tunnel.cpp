// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "tunnel.hpp"

#include <cofutures/http/credentials.hpp>
#include <cofutures/http/error.hpp>

#include "request_text.hpp"
#include "response_parser.hpp"

#include <boost/asio/ip/address.hpp>

#include <array>
#include <utility>

namespace cofutures::http::detail {

namespace {

using namespace std::string_literals;

[[noreturn]] void fail(errc code, const proxy& by, const std::string& why)
{
    throw std::system_error(make_error_code(code), by.str() + " " + why);
}

// Of an answer to CONNECT only the header is of interest.
class no_body final : public body_receiver {
public:
    void begin(const response_head&, std::optional<std::uint64_t>) override {}
    void append(std::string_view) override {}
};

asio::awaitable<void>
connect_by_http(connection& through, const proxy& by, std::string target, const headers& usual)
{
    headers fields{{"Host", target}};
    for (const auto& [name, value] : usual) {
        fields.add(name, value);
    }
    if (const std::string identity = proxy_authorization(by); !identity.empty()) {
        fields.set("Proxy-Authorization", identity);
    }
    const std::string text = head_text("CONNECT", target, fields);
    co_await through.write(text);

    no_body nothing;
    response_parser parser(true, 0, nothing);
    while (!parser.done()) {
        // One byte at a time: those after the header belong to whoever uses the tunnel.
        char byte = 0;
        if (co_await through.read_some(asio::buffer(&byte, 1)) == 0) {
            fail(errc::proxy_failed, by, "closed the connection");
        }
        parser.feed({&byte, 1});
    }
    const response_head& head = parser.head();
    if (!head.ok()) {
        const bool passing = head.status >= 500;
        fail(passing ? errc::proxy_failed : errc::proxy_refused,
             by,
             "answered HTTP " + std::to_string(head.status) + " " + head.reason);
    }
}

asio::awaitable<std::string> read_exactly(connection& through, const proxy& by, std::size_t size)
{
    std::string bytes(size, '\0');
    std::size_t there = 0;
    while (there < size) {
        const std::size_t more =
            co_await through.read_some(asio::buffer(bytes.data() + there, size - there));
        if (more == 0) {
            fail(errc::proxy_failed, by, "closed the connection");
        }
        there += more;
    }
    co_return bytes;
}

char byte_of(std::size_t value)
{
    return static_cast<char>(static_cast<unsigned char>(value));
}

std::string with_length(const std::string& text)
{
    return byte_of(text.size()) + text;
}

// An address as such, anything else as a name for the proxy to look up.
std::string socks_address(const std::string& host)
{
    boost::system::error_code ec;
    const asio::ip::address address = asio::ip::make_address(host, ec);
    if (ec) {
        return "\x03"s + with_length(host);
    }
    std::string bytes(1, address.is_v4() ? '\x01' : '\x04');
    if (address.is_v4()) {
        for (const unsigned char each : address.to_v4().to_bytes()) {
            bytes += byte_of(each);
        }
    } else {
        for (const unsigned char each : address.to_v6().to_bytes()) {
            bytes += byte_of(each);
        }
    }
    return bytes;
}

[[noreturn]] void fail_socks(const proxy& by, unsigned char reply)
{
    switch (reply) {
    case 1:
        fail(errc::proxy_failed, by, "failed");
    case 2:
        fail(errc::proxy_refused, by, "does not allow it");
    case 3:
        fail(errc::proxy_failed, by, "cannot reach the network");
    case 4:
        fail(errc::proxy_failed, by, "cannot reach the host");
    case 5:
        fail(errc::proxy_failed, by, "was refused by the host");
    case 6:
        fail(errc::proxy_failed, by, "gave up waiting");
    default:
        fail(errc::proxy_refused, by, "answered SOCKS error " + std::to_string(reply));
    }
}

asio::awaitable<void> log_in(connection& through, const proxy& by)
{
    const std::string text = "\x01"s + with_length(by.user()) + with_length(by.password());
    co_await through.write(text);
    const std::string answer = co_await read_exactly(through, by, 2);
    if (answer[1] != '\0') {
        fail(errc::proxy_refused, by, "does not accept name and password");
    }
}

asio::awaitable<void>
connect_by_socks(connection& through, const proxy& by, std::string host, std::uint16_t port)
{
    if (host.size() > 255) {
        fail(errc::proxy_refused, by, "cannot be told so long a name");
    }
    const bool known = !by.user().empty();
    const std::string greeting = known ? "\x05\x02\x00\x02"s : "\x05\x01\x00"s;
    co_await through.write(greeting);
    const std::string method = co_await read_exactly(through, by, 2);
    if (method[0] != '\x05') {
        fail(errc::proxy_refused, by, "does not speak SOCKS 5");
    }
    if (known && method[1] == '\x02') {
        co_await log_in(through, by);
    } else if (method[1] != '\0') {
        fail(errc::proxy_refused,
             by,
             known ? "wants another authentication" : "wants an authentication");
    }

    const std::string wish =
        "\x05\x01\x00"s + socks_address(host) + byte_of(port >> 8U) + byte_of(port & 0xFFU);
    co_await through.write(wish);
    const std::string answer = co_await read_exactly(through, by, 4);
    if (answer[0] != '\x05') {
        fail(errc::proxy_refused, by, "does not speak SOCKS 5");
    }
    if (answer[1] != '\0') {
        fail_socks(by, static_cast<unsigned char>(answer[1]));
    }
    // Where it has connected from, which is of no use; but it must be taken off the connection.
    std::size_t rest = 2;
    switch (answer[3]) {
    case '\x01':
        rest += 4;
        break;
    case '\x04':
        rest += 16;
        break;
    case '\x03': {
        const std::string size = co_await read_exactly(through, by, 1);
        rest += static_cast<unsigned char>(size[0]);
        break;
    }
    default:
        fail(errc::proxy_refused, by, "does not speak SOCKS 5");
    }
    co_await read_exactly(through, by, rest);
}

} // namespace

asio::awaitable<void> open_tunnel(connection& through,
                                  const proxy& by,
                                  std::string host,
                                  std::uint16_t port,
                                  const headers& usual)
{
    if (by.kind() == proxy::protocol::socks5) {
        co_await connect_by_socks(through, by, std::move(host), port);
    } else {
        const bool brackets = host.find(':') != std::string::npos;
        std::string target = (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
        co_await connect_by_http(through, by, std::move(target), usual);
    }
}

std::string proxy_authorization(const proxy& by)
{
    return by.user().empty() ? std::string() : credentials::basic(by.user(), by.password()).field();
}

} // namespace cofutures::http::detail
