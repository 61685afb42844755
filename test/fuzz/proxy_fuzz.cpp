// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

// Input: a proxy, a host to be reached directly and a URL, one on each line.

#include <cofutures/http/error.hpp>
#include <cofutures/http/proxy.hpp>

#include "fuzz_target.hpp"

#include <stdexcept>
#include <string>

namespace http = cofutures::http;

namespace {

bool contains(std::string_view text, const std::string& part)
{
    return text.find(part) != std::string_view::npos;
}

// What an error shows of the scheme: nothing that may be a name and a password.
std::string shown_scheme(std::string_view name)
{
    const std::size_t end = name.find("://");
    if (end == std::string_view::npos || name.find_first_of(":@/") != end) {
        return {};
    }
    std::string scheme(name.substr(0, end));
    for (char& c : scheme) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    }
    return scheme;
}

// What stands between the last colon before the last @ and that is in no error, unless it stands
// elsewhere, too.
void check_secrecy(std::string_view name, std::string_view error)
{
    const std::size_t at = name.rfind('@');
    const std::size_t colon = name.rfind(':', at);
    if (at == std::string_view::npos || colon == std::string_view::npos || at - colon < 10) {
        return;
    }
    const std::string secret(name.substr(colon + 1, at - colon - 1));
    const std::string_view shown = error.substr(0, error.find("' is no proxy"));
    const std::string host = "//" + std::string(name.substr(at + 1));
    const bool elsewhere = contains(host, secret) || contains(shown_scheme(name), secret);
    fuzz::require(secret.starts_with("//") || elsewhere || !contains(shown, secret),
                  "an error does not tell the password");
}

void check(const http::proxy& read)
{
    fuzz::require(!read.host().empty() && read.port() != 0, "a proxy has a host and a port");
    const http::proxy again(read.str());
    fuzz::require(again.kind() == read.kind() && again.host() == read.host() &&
                      again.port() == read.port(),
                  "str() reads back as the same proxy");
    fuzz::require(again.user().empty() && again.password().empty(), "str() names nobody");
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string_view text = fuzz::text_of(data, size);
    const std::string_view name = fuzz::take_line(text);
    const std::string direct(fuzz::take_line(text));
    http::proxy_options options;
    try {
        options.http.emplace(name);
        check(*options.http);
    } catch (const std::invalid_argument& error) {
        check_secrecy(name, error.what());
        return 0;
    }
    options.https = options.http;
    options.direct = {direct};
    try {
        const http::url url(text);
        const http::proxy* const chosen = options.choose(url);
        fuzz::require(chosen == nullptr || *chosen == *options.http, "the proxy is the one given");
        options.direct = {"*"};
        fuzz::require(options.choose(url) == nullptr, "* is every host");
        options.direct = {url.host()};
        // A dot in front is for all names below one, and a colon may be for a port: such hosts are
        // not meant by themselves.
        const bool plain = !url.host().starts_with('.') && !contains(url.host(), ":");
        fuzz::require(!plain || options.choose(url) == nullptr, "a host is itself");
    } catch (const http::request_error&) {
    }
    return 0;
}
