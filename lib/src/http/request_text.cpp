// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "request_text.hpp"

#include "token.hpp"
#include "tunnel.hpp"

namespace cofutures::http::detail {

namespace {

void append_field(std::string& text, std::string_view name, std::string_view value)
{
    text.append(name).append(": ").append(value).append("\r\n");
}

} // namespace

std::string request_head(const request& message,
                         std::optional<std::uint64_t> length,
                         std::string_view user_agent,
                         const headers& conditions,
                         const proxy* asked)
{
    if (!is_token(message.method)) {
        throw std::system_error(make_error_code(errc::invalid_request),
                                "the method '" + message.method + "'");
    }
    if (message.headers.contains("Transfer-Encoding")) {
        throw std::system_error(make_error_code(errc::invalid_request),
                                "the client alone chooses the Transfer-Encoding");
    }
    const std::string& target = asked == nullptr ? message.url.target() : message.url.str();
    std::string text = message.method + " " + target + " HTTP/1.1\r\n";
    if (!message.headers.contains("Host")) {
        append_field(text, "Host", message.url.authority());
    }
    if (!message.headers.contains("User-Agent") && !user_agent.empty()) {
        append_field(text, "User-Agent", user_agent);
    }
    if (!message.headers.contains("Accept")) {
        append_field(text, "Accept", "*/*");
    }
    for (const auto& [name, value] : message.headers) {
        if (!equal_ignoring_case(name, "Content-Length") &&
            !equal_ignoring_case(name, "Proxy-Authorization")) {
            append_field(text, name, value);
        }
    }
    if (asked != nullptr) {
        const std::string own = proxy_authorization(*asked);
        const std::string_view given = message.headers.get("Proxy-Authorization").value_or("");
        if (!own.empty() || !given.empty()) {
            append_field(text, "Proxy-Authorization", own.empty() ? given : own);
        }
    }
    for (const auto& [name, value] : conditions) {
        if (!message.headers.contains(name)) {
            append_field(text, name, value);
        }
    }
    const bool expects_body =
        message.method == "POST" || message.method == "PUT" || message.method == "PATCH";
    if (!length) {
        append_field(text, "Transfer-Encoding", "chunked");
    } else if (expects_body || !message.body.empty()) {
        append_field(text, "Content-Length", std::to_string(*length));
    }
    return text += "\r\n";
}

bool is_idempotent(std::string_view method) noexcept
{
    for (const std::string_view each : {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"}) {
        if (method == each) {
            return true;
        }
    }
    return false;
}

} // namespace cofutures::http::detail
