// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "request_text.hpp"

#include "token.hpp"

namespace cofutures::http::detail {

namespace {

void append_field(std::string& text, std::string_view name, std::string_view value)
{
    text.append(name).append(": ").append(value).append("\r\n");
}

} // namespace

std::string
request_text(const request& message, std::string_view user_agent, const headers& conditions)
{
    if (!is_token(message.method)) {
        throw std::system_error(make_error_code(errc::invalid_request),
                                "the method '" + message.method + "'");
    }
    if (message.headers.contains("Transfer-Encoding")) {
        throw std::system_error(make_error_code(errc::invalid_request),
                                "bodies are sent with a length, not with a Transfer-Encoding");
    }
    std::string text = message.method + " " + message.url.target() + " HTTP/1.1\r\n";
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
        if (!equal_ignoring_case(name, "Content-Length")) {
            append_field(text, name, value);
        }
    }
    for (const auto& [name, value] : conditions) {
        if (!message.headers.contains(name)) {
            append_field(text, name, value);
        }
    }
    const bool expects_body =
        message.method == "POST" || message.method == "PUT" || message.method == "PATCH";
    if (expects_body || !message.body.empty()) {
        append_field(text, "Content-Length", std::to_string(message.body.size()));
    }
    text += "\r\n";
    text += message.body;
    return text;
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
