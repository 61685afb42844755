// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/http/credentials.hpp>
#include <cofutures/http/error.hpp>
#include <cofutures/http/proxy.hpp>

#include "token.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace cofutures::http {

namespace {

namespace asio = boost::asio;

constexpr std::size_t socks_text_limit = 255; // what fits into its length byte

std::string lower_case(std::string_view text)
{
    std::string copy(text);
    for (char& each : copy) {
        if (each >= 'A' && each <= 'Z') {
            each = static_cast<char>(each - 'A' + 'a');
        }
    }
    return copy;
}

// The bytes that a percent-encoded text stands for; nothing if it is malformed.
std::optional<std::string> decoded(std::string_view text)
{
    std::string bytes;
    while (!text.empty()) {
        if (text.front() != '%') {
            bytes += text.front();
            text.remove_prefix(1);
            continue;
        }
        unsigned value = 0;
        const char* const end = text.data() + std::min<std::size_t>(3, text.size());
        if (const auto [last, ec] = std::from_chars(text.data() + 1, end, value, 16);
            ec != std::errc() || last != text.data() + 3) {
            return std::nullopt;
        }
        bytes += static_cast<char>(value);
        text.remove_prefix(3);
    }
    return bytes;
}

std::optional<unsigned> number(std::string_view text)
{
    unsigned value = 0;
    const auto [last, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    return ec == std::errc() && last == text.data() + text.size() ? std::optional(value)
                                                                  : std::nullopt;
}

std::vector<unsigned char> bytes_of(const asio::ip::address& address)
{
    if (address.is_v4()) {
        const auto bytes = address.to_v4().to_bytes();
        return {bytes.begin(), bytes.end()};
    }
    const auto bytes = address.to_v6().to_bytes();
    return {bytes.begin(), bytes.end()};
}

bool is_in_network(const asio::ip::address& address, std::string_view network)
{
    const std::size_t slash = network.find('/');
    boost::system::error_code ec;
    const asio::ip::address base =
        asio::ip::make_address(std::string(network.substr(0, slash)), ec);
    if (ec || base.is_v4() != address.is_v4()) {
        return false;
    }
    if (slash == std::string_view::npos) {
        return base == address;
    }
    const std::vector<unsigned char> left = bytes_of(address);
    const std::vector<unsigned char> right = bytes_of(base);
    const std::optional<unsigned> length = number(network.substr(slash + 1));
    if (!length || *length > left.size() * 8) {
        return false;
    }
    const std::size_t whole = *length / 8;
    if (!std::equal(
            left.begin(), left.begin() + static_cast<std::ptrdiff_t>(whole), right.begin())) {
        return false;
    }
    const unsigned rest = *length % 8;
    return rest == 0 || (left[whole] >> (8 - rest)) == (right[whole] >> (8 - rest));
}

bool is_named_by(const url& address, std::string_view entry)
{
    if (entry == "*") {
        return true;
    }
    // A port follows "]" or the only colon; more of them are an IPv6 address without brackets.
    const std::size_t colon = entry.rfind(':');
    const bool has_port = colon != std::string_view::npos &&
                          (entry.find(':') == colon || (colon > 0 && entry[colon - 1] == ']'));
    if (has_port) {
        if (number(entry.substr(colon + 1)) != address.port()) {
            return false;
        }
        entry = entry.substr(0, colon);
    }
    if (entry.starts_with('[') && entry.ends_with(']')) {
        entry = entry.substr(1, entry.size() - 2);
    }
    boost::system::error_code ec;
    if (const auto parsed = asio::ip::make_address(address.host(), ec); !ec) {
        return is_in_network(parsed, entry);
    }
    const std::string name = lower_case(entry.substr(entry.starts_with('.') ? 1 : 0));
    const std::string& host = address.host();
    return !name.empty() && (host == name || host.ends_with("." + name));
}

const char* variable(std::initializer_list<const char*> names, const char*& found)
{
    for (const char* const name : names) {
        const char* const value = std::getenv(name);
        if (value != nullptr && *value != '\0') {
            found = name;
            return value;
        }
    }
    return nullptr;
}

std::optional<proxy> proxy_in(std::initializer_list<const char*> names)
{
    const char* name = nullptr;
    const char* const value = variable(names, name);
    if (value == nullptr) {
        return std::nullopt;
    }
    try {
        return proxy(value);
    } catch (const std::invalid_argument& error) {
        throw std::invalid_argument(std::string(error.what()) + " in the variable " + name);
    }
}

} // namespace

proxy::proxy(std::string_view text)
{
    std::string_view rest = text;
    std::string scheme = "http";
    // What contains a colon of its own is a name and a password, of which no error may tell.
    if (const std::size_t end = rest.find("://");
        end != std::string_view::npos && rest.find_first_of(":@/") == end) {
        scheme = lower_case(rest.substr(0, end));
        rest.remove_prefix(end + 3);
    }
    if (rest.ends_with('/')) {
        rest.remove_suffix(1);
    }
    // The last one: a password that was not encoded may contain another.
    const std::size_t at = rest.rfind('@');
    const std::string_view who = at == std::string_view::npos ? "" : rest.substr(0, at);
    rest.remove_prefix(at == std::string_view::npos ? 0 : at + 1);
    const auto require = [&](bool condition, const char* expected) {
        if (!condition) {
            throw std::invalid_argument("cofutures: '" + scheme + "://" + std::string(rest) +
                                        "' is no proxy: expected " + expected);
        }
    };

    if (scheme == "socks5" || scheme == "socks5h") {
        kind_ = protocol::socks5;
    } else {
        require(scheme == "http", "http:// or socks5://");
    }
    require(rest.find_first_of("/?#") == std::string_view::npos, "nothing after the port");
    const std::size_t colon = rest.rfind(':');
    const bool has_port = colon != std::string_view::npos && rest.find(']', colon) == rest.npos;
    try {
        const url address("http://" + std::string(rest) +
                          (has_port || kind_ == protocol::http ? "" : ":1080") + "/");
        host_ = address.host();
        port_ = address.port();
    } catch (const request_error& error) {
        require(false, "HOST:PORT");
    }

    const std::size_t middle = who.find(':');
    const auto user = decoded(who.substr(0, middle));
    const auto password = decoded(middle == std::string_view::npos ? "" : who.substr(middle + 1));
    require(user && password, "percent-encoding in name and password");
    user_ = *user;
    password_ = *password;
    require(!user_.empty() || password_.empty(), "a name before the password");
    if (kind_ == protocol::socks5) {
        require(user_.size() <= socks_text_limit && password_.size() <= socks_text_limit,
                "name and password of at most 255 bytes");
        require(user_.empty() || !password_.empty(), "a password after the name");
    } else {
        try {
            credentials::basic(user_, password_);
        } catch (const std::invalid_argument&) {
            require(false, "a name without colon, and no control characters");
        }
    }
}

std::string proxy::str() const
{
    const bool brackets = host_.find(':') != std::string::npos;
    return (kind_ == protocol::http ? "http://" : "socks5://") +
           (brackets ? "[" + host_ + "]" : host_) + ":" + std::to_string(port_);
}

const proxy* proxy_options::choose(const url& address) const
{
    const std::optional<proxy>& usual = address.scheme() == "https" ? https : http;
    if (!usual) {
        return nullptr;
    }
    const auto names = [&](const std::string& entry) { return is_named_by(address, entry); };
    return std::any_of(direct.begin(), direct.end(), names) ? nullptr : &*usual;
}

proxy_options proxies_from_environment()
{
    const char* ignored = nullptr;
    proxy_options found;
    found.http = proxy_in({"http_proxy", "all_proxy", "ALL_PROXY"});
    found.https = proxy_in({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
    std::string_view list;
    if (const char* const value = variable({"no_proxy", "NO_PROXY"}, ignored)) {
        list = value;
    }
    while (!list.empty()) {
        const std::size_t end = std::min(list.find_first_of(", \t"), list.size());
        if (end > 0) {
            found.direct.emplace_back(list.substr(0, end));
        }
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return found;
}

} // namespace cofutures::http
