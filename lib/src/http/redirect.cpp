// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "redirect.hpp"

namespace cofutures::http::detail {

namespace {

void become_get(request& message)
{
    message.method = "GET";
    message.body = {};
    for (const char* name : {"Content-Type",
                             "Content-Length",
                             "Content-Encoding",
                             "Content-Language",
                             "Expect",
                             "Content-Location"}) {
        message.headers.remove(name);
    }
}

} // namespace

bool is_redirect(const response_head& head) noexcept
{
    switch (head.status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
        return head.headers.contains("Location");
    default:
        return false;
    }
}

request follow_redirect(request previous, const response_head& head, bool insecure_allowed)
{
    const std::string before = previous.url.str();
    const std::string origin = previous.url.origin();
    const bool secure = previous.url.scheme() == "https";
    const std::string_view location = head.headers.get("Location").value_or("");
    try {
        previous.url = previous.url.resolve(location);
    } catch (const request_error& error) {
        throw request_error(make_error_code(errc::bad_redirect), before, error.what());
    }
    if (secure && !insecure_allowed && previous.url.scheme() != "https") {
        throw request_error(
            make_error_code(errc::insecure_redirect), before, "'" + previous.url.str() + "'");
    }
    if (previous.url.origin() != origin) {
        for (const char* name : {"Authorization", "Cookie", "Proxy-Authorization", "Host"}) {
            previous.headers.remove(name);
        }
    }
    if ((head.status == 303 && previous.method != "HEAD") ||
        ((head.status == 301 || head.status == 302) && previous.method == "POST")) {
        become_get(previous);
    }
    return previous;
}

} // namespace cofutures::http::detail
