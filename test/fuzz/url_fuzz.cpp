// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

// Input: a URL, and a reference to be resolved against it on the second line.

#include <cofutures/http/url.hpp>

#include "fuzz_target.hpp"
#include "http/redirect.hpp"
#include "http/request_text.hpp"

#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace http = cofutures::http;

namespace {

std::optional<http::url> read(std::string_view text)
{
    try {
        return http::url(text);
    } catch (const http::request_error&) {
        return std::nullopt;
    }
}

std::optional<http::url> resolved(const http::url& base, std::string_view reference)
{
    try {
        return base.resolve(reference);
    } catch (const http::request_error&) {
        return std::nullopt;
    }
}

bool is_printable(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

bool has_dot_segment(std::string_view path)
{
    path = path.substr(0, path.find('?'));
    return path.find("/./") != std::string_view::npos ||
           path.find("/../") != std::string_view::npos || path.ends_with("/.") ||
           path.ends_with("/..");
}

// A host with a colon is an address, and every other one has a letter or so.
bool is_host(const std::string& host)
{
    if (host.find(':') == std::string::npos) {
        return is_printable(host) && host.find_first_not_of('.') != std::string::npos;
    }
    boost::system::error_code ec;
    const auto address = boost::asio::ip::make_address_v6(host, ec);
    return !ec && address.scope_id() == 0;
}

void check(const http::url& url)
{
    fuzz::require(url.scheme() == "http" || url.scheme() == "https", "a URL is http or https");
    fuzz::require(is_host(url.host()), "the host is a name or an address");
    fuzz::require(url.port() != 0, "the port is known");
    fuzz::require(url.target().starts_with('/') && is_printable(url.target()),
                  "the target can stand in a request line");
    fuzz::require(!has_dot_segment(url.target()), "dot segments are resolved");
    fuzz::require(http::url(url.str()) == url, "str() reads back as the same URL");
    fuzz::require(url.resolve(url.str()) == url, "a URL resolves to itself");
    fuzz::require(url.resolve("") == url, "nothing resolves to the URL itself");
    fuzz::require(url.origin() + url.target() == url.str(), "origin and target make up the URL");

    const std::string name = url.file_name();
    const bool safe = std::none_of(name.begin(), name.end(), [](unsigned char c) {
        return c == '/' || c == '\\' || c < 0x20 || c == 0x7f;
    });
    fuzz::require(safe && name != "." && name != "..", "a file name stays in its folder");

    const std::string text = http::detail::request_head({.url = url}, 0, {{"User-Agent", "fuzz"}});
    fuzz::require(text == "GET " + url.target() + " HTTP/1.1\r\nHost: " + url.authority() +
                              "\r\nUser-Agent: fuzz\r\nAccept: */*\r\n\r\n",
                  "a URL adds nothing to a request");
}

// The header comes from outside: it must be refused or understood, never both.
void check_redirect(const http::url& base, std::string_view location)
{
    http::response_head head{.status = 302};
    try {
        head.headers.add("Location", std::string(location));
    } catch (const std::invalid_argument&) {
        return;
    }
    http::request before{
        .method = "POST", .url = base, .headers = {{"Authorization", "secret"}}, .body = "body"};
    try {
        const http::request after = http::detail::follow_redirect(before, head);
        check(after.url);
        fuzz::require(base.scheme() == "http" || after.url.scheme() == "https",
                      "https never becomes http");
        fuzz::require(after.headers.contains("Authorization") ==
                          (after.url.origin() == base.origin()),
                      "credentials stay with their origin");
        fuzz::require(after.method == "GET" && after.body.empty(), "302 turns POST into GET");
    } catch (const http::request_error&) {
    }
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string_view rest = fuzz::text_of(data, size);
    const std::string_view first = fuzz::take_line(rest);
    const auto base = read(first);
    if (!base) {
        return 0;
    }
    check(*base);
    if (const auto target = resolved(*base, rest)) {
        check(*target);
        fuzz::require(base->resolve(target->str()) == *target, "resolving again changes nothing");
        if (!target->target().starts_with("//")) {
            fuzz::require(target->resolve(target->target()) == *target,
                          "a path resolves within its origin");
        }
    }
    check_redirect(*base, rest);
    return 0;
}
