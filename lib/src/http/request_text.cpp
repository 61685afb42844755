// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "request_text.hpp"

#include "token.hpp"
#include "tunnel.hpp"

namespace cofutures::http::detail {

namespace {

bool is_target(std::string_view text) noexcept
{
    return !text.empty() && is_field_value(text) && text.find_first_of(" \t") == text.npos;
}

} // namespace

std::string head_text(std::string_view method, std::string_view target, const headers& fields)
{
    if (!is_token(method)) {
        throw std::system_error(make_error_code(errc::invalid_request),
                                "the method '" + std::string(method) + "'");
    }
    if (!is_target(target)) {
        throw std::system_error(make_error_code(errc::invalid_request), "what is asked for");
    }
    std::string text(method);
    text.append(" ").append(target).append(" HTTP/1.1\r\n");
    for (const auto& [name, value] : fields) {
        text.append(name).append(": ").append(value).append("\r\n");
    }
    return text += "\r\n";
}

std::string request_head(const request& message,
                         std::optional<std::uint64_t> length,
                         const headers& usual,
                         const headers& conditions,
                         const proxy* asked)
{
    if (message.headers.contains("Transfer-Encoding")) {
        throw std::system_error(make_error_code(errc::invalid_request),
                                "the client alone chooses the Transfer-Encoding");
    }
    headers fields;
    const auto add_missing = [&](const std::string& name, std::string_view value) {
        if (!message.headers.contains(name)) {
            fields.add(name, std::string(value));
        }
    };
    add_missing("Host", message.url.authority());
    for (const auto& [name, value] : usual) {
        add_missing(name, value);
    }
    add_missing("Accept", "*/*");
    for (const auto& [name, value] : message.headers) {
        if (!equal_ignoring_case(name, "Content-Length") &&
            !equal_ignoring_case(name, "Proxy-Authorization")) {
            fields.add(name, value);
        }
    }
    if (asked != nullptr) {
        const std::string own = proxy_authorization(*asked);
        const std::string_view given = message.headers.get("Proxy-Authorization").value_or("");
        if (!own.empty() || !given.empty()) {
            fields.add("Proxy-Authorization", own.empty() ? std::string(given) : own);
        }
    }
    for (const auto& [name, value] : conditions) {
        add_missing(name, value);
    }
    const bool expects_body =
        message.method == "POST" || message.method == "PUT" || message.method == "PATCH";
    if (!length) {
        fields.add("Transfer-Encoding", "chunked");
    } else if (expects_body || !message.body.empty()) {
        fields.add("Content-Length", std::to_string(*length));
    }
    return head_text(
        message.method, asked == nullptr ? message.url.target() : message.url.str(), fields);
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
