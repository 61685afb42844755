// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/http/error.hpp>
#include <cofutures/http/url.hpp>

#include <algorithm>
#include <charconv>
#include <optional>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace cofutures::http {

namespace {

bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
bool is_control(char c)
{
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

int hex_value(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

void append_encoded(std::string& out, char c)
{
    constexpr char digits[] = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
}

std::string lower(std::string_view text)
{
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') {
            c = static_cast<char>(c | 0x20);
        }
    }
    return out;
}

[[noreturn]] void refuse(std::string_view text, std::string_view why)
{
    std::string shown = redacted(text).substr(0, 200);
    std::replace_if(shown.begin(), shown.end(), is_control, '?');
    throw request_error(make_error_code(errc::invalid_url), "'" + shown + "'", why);
}

// The scheme before the first colon, if what stands there can be one.
std::optional<std::string_view> scheme_of(std::string_view text)
{
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0 || !is_alpha(text[0])) {
        return std::nullopt;
    }
    const std::string_view scheme = text.substr(0, colon);
    const bool valid = std::all_of(scheme.begin(), scheme.end(), [](char c) {
        return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
    });
    return valid ? std::optional(scheme) : std::nullopt;
}

// Characters that stand for themselves in a path or query (RFC 3986 pchar, "/", "?").
bool is_path_character(char c)
{
    return is_alpha(c) || is_digit(c) ||
           std::string_view("-._~!$&'()*+,;=:@/?").find(c) != std::string_view::npos;
}

// Percent-encodes what may not stand in a path or query. A valid escape stays; a stray % becomes
// %25.
std::string normal_characters(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool escape = c == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                            hex_value(text[i + 2]) >= 0;
        if (escape || is_path_character(c)) {
            out += c;
        } else {
            append_encoded(out, c);
        }
    }
    return out;
}

// RFC 3986 section 5.2.4 for an absolute path.
std::string without_dot_segments(std::string_view path)
{
    std::string out;
    std::size_t at = 0;
    while (at < path.size()) {
        const std::size_t next = std::min(path.find('/', at + 1), path.size());
        const std::string_view segment = path.substr(at + 1, next - at - 1);
        const bool last = next == path.size();
        if (segment == ".." || segment == ".") {
            if (segment == "..") {
                out.erase(out.empty() ? 0 : out.rfind('/'));
            }
            if (last) {
                out += '/';
            }
        } else {
            out += '/';
            out += segment;
        }
        at = next;
    }
    return out;
}

// "/a/../b?x y" as it goes into the request line.
std::string normal_target(std::string_view path, std::string_view query)
{
    std::string target = without_dot_segments(path.empty() ? "/" : path);
    return normal_characters(target) + normal_characters(query);
}

struct path_and_query {
    std::string_view path;
    std::string_view query; // with its question mark
};

path_and_query split_query(std::string_view text)
{
    const std::size_t mark = std::min(text.find('?'), text.size());
    return {text.substr(0, mark), text.substr(mark)};
}

bool is_ipv6_address(const std::string& text)
{
    in6_addr ignored{};
    return ::inet_pton(AF_INET6, text.c_str(), &ignored) == 1;
}

bool is_host_character(char c)
{
    return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
}

std::uint16_t parse_port(std::string_view digits, std::string_view text)
{
    unsigned value = 0;
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (ec != std::errc() || end != digits.data() + digits.size() || value == 0 || value > 65535) {
        refuse(text, "the port must be a number from 1 to 65535");
    }
    return static_cast<std::uint16_t>(value);
}

} // namespace

std::string redacted(std::string_view text)
{
    const auto scheme = scheme_of(text);
    const bool absolute = scheme && text.substr(scheme->size(), 3) == "://";
    const std::size_t begin = absolute ? scheme->size() + 3 : text.starts_with("//") ? 2 : 0;
    const std::string_view rest = text.substr(begin);
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
    // In "http://me:pass/word@host/" what looks like a port is none, and there is an @ behind it.
    const std::size_t host_end = authority.starts_with('[') ? authority.find(']') : 0;
    const std::size_t colon = authority.find(':', host_end == authority.npos ? 0 : host_end);
    const bool odd_port = colon != authority.npos &&
                          authority.find_first_not_of("0123456789", colon + 1) != authority.npos;
    // Where there is no host, as in "http:///me:pass@host/", it is elsewhere, and what else before it.
    if (begin > 0 && !odd_port && !authority.empty() && authority.find('@') == authority.npos) {
        return std::string(text);
    }
    if (const std::size_t at = rest.rfind('@'); at != rest.npos) {
        return std::string(text.substr(0, begin)).append("***").append(rest.substr(at));
    }
    if (begin > 0 && odd_port) { // cut off before the @, or with that encoded
        return std::string(text.substr(0, begin + colon + 1)) + "***";
    }
    return std::string(text);
}

url::url(std::string_view text)
{
    if (text.size() > 32 * 1024) {
        refuse(text, "longer than 32 KiB");
    }
    if (std::any_of(text.begin(), text.end(), is_control)) {
        refuse(text, "contains a control character");
    }
    const auto scheme = scheme_of(text);
    if (!scheme || text.substr(scheme->size(), 3) != "://") {
        refuse(text, "expected something like http://host/path");
    }
    scheme_ = lower(*scheme);
    if (scheme_ != "http" && scheme_ != "https") {
        throw request_error(make_error_code(errc::unsupported_scheme), redacted(text));
    }

    std::string_view rest = text.substr(scheme->size() + 3);
    rest = rest.substr(0, rest.find('#'));
    const std::size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
    std::string_view authority = rest.substr(0, authority_end);
    if (authority.find('@') != std::string_view::npos) {
        refuse(text, "user names in URLs are not accepted, use an Authorization header");
    }

    std::string_view port;
    if (authority.starts_with('[')) {
        const std::size_t close = authority.find(']');
        if (close == std::string_view::npos) {
            refuse(text, "the closing ] of the address is missing");
        }
        host_ = lower(authority.substr(1, close - 1));
        port = authority.substr(close + 1);
        if (!is_ipv6_address(host_)) {
            refuse(text, "the brackets do not hold an IPv6 address");
        }
        if (!port.empty() && port[0] != ':') {
            refuse(text, "unexpected text after the ]");
        }
    } else {
        const std::size_t colon = std::min(authority.find(':'), authority.size());
        host_ = lower(authority.substr(0, colon));
        port = authority.substr(colon);
        if (host_.find_first_not_of('.') == std::string::npos) {
            refuse(text, "the host is missing");
        }
        if (!std::all_of(host_.begin(), host_.end(), is_host_character)) {
            refuse(text, "the host contains a character that no host name has");
        }
    }
    port_ = scheme_ == "https" ? 443 : 80;
    if (port.size() > 1) {
        port_ = parse_port(port.substr(1), text);
    }
    const auto [path, query] = split_query(rest.substr(authority_end));
    target_ = normal_target(path, query);
}

std::string url::file_name() const
{
    const std::string_view path = split_query(target_).path;
    const std::string_view segment = path.substr(path.rfind('/') + 1);
    std::string name;
    for (std::size_t i = 0; i < segment.size(); ++i) {
        char c = segment[i];
        // normal_characters() left no % that does not begin an escape.
        if (c == '%') {
            c = static_cast<char>(hex_value(segment[i + 1]) * 16 + hex_value(segment[i + 2]));
            i += 2;
        }
        name += c == '/' || c == '\\' || is_control(c) ? '_' : c;
    }
    return name == "." || name == ".." ? std::string() : name;
}

std::string url::authority() const
{
    std::string text = host_.find(':') == std::string::npos ? host_ : "[" + host_ + "]";
    if (port_ != (scheme_ == "https" ? 443 : 80)) {
        text += ':';
        text += std::to_string(port_);
    }
    return text;
}

std::string url::origin() const
{
    return scheme_ + "://" + authority();
}

url url::resolve(std::string_view reference) const
{
    if (scheme_of(reference)) {
        return url(reference);
    }
    if (reference.starts_with("//")) {
        return url(scheme_ + ":" + std::string(reference));
    }
    reference = reference.substr(0, reference.find('#'));
    if (std::any_of(reference.begin(), reference.end(), is_control)) {
        refuse(reference, "contains a control character");
    }
    const auto [base_path, base_query] = split_query(target_);
    const auto [path, query] = split_query(reference);

    url result = *this;
    if (path.empty()) {
        result.target_ = normal_target(base_path, query.empty() ? base_query : query);
    } else if (path.starts_with('/')) {
        result.target_ = normal_target(path, query);
    } else {
        const std::string_view folder = base_path.substr(0, base_path.rfind('/') + 1);
        result.target_ = normal_target(std::string(folder) + std::string(path), query);
    }
    return result;
}

} // namespace cofutures::http
