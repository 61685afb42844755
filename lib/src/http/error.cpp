// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/http/error.hpp>

#include <utility>

namespace cofutures::http {

namespace {

class category final : public std::error_category {
public:
    const char* name() const noexcept override { return "cofutures.http"; }

    std::string message(int value) const override
    {
        switch (static_cast<errc>(value)) {
        case errc::invalid_url:
            return "not a valid URL";
        case errc::unsupported_scheme:
            return "only http and https are supported";
        case errc::invalid_request:
            return "not a valid request";
        case errc::wrong_body_length:
            return "the body of the request is not as long as announced";
        case errc::host_not_found:
            return "host not found";
        case errc::resolve_timed_out:
            return "timed out looking up the host";
        case errc::connect_timed_out:
            return "timed out connecting";
        case errc::tls_handshake_timed_out:
            return "timed out in the TLS handshake";
        case errc::idle_timed_out:
            return "timed out waiting for the server";
        case errc::total_timed_out:
            return "timed out, the whole request took too long";
        case errc::too_slow:
            return "slower than the least speed";
        case errc::connection_closed:
            return "connection closed before the response";
        case errc::body_truncated:
            return "connection closed before the end of the body";
        case errc::proxy_failed:
            return "the proxy failed";
        case errc::tls_failed:
            return "TLS failed";
        case errc::bad_response:
            return "malformed response";
        case errc::header_too_large:
            return "response header too large";
        case errc::body_too_large:
            return "response body too large";
        case errc::decoding_failed:
            return "cannot decode the body";
        case errc::checksum_mismatch:
            return "the file is not the expected one";
        case errc::too_many_redirects:
            return "too many redirects";
        case errc::bad_redirect:
            return "redirect without a usable Location";
        case errc::insecure_redirect:
            return "redirect from https to http refused";
        case errc::proxy_refused:
            return "the proxy refused";
        }
        return "unknown HTTP client error " + std::to_string(value);
    }

    // Lets `code == std::errc::timed_out` find all of our time limits too.
    std::error_condition default_error_condition(int value) const noexcept override
    {
        switch (static_cast<errc>(value)) {
        case errc::resolve_timed_out:
        case errc::connect_timed_out:
        case errc::tls_handshake_timed_out:
        case errc::idle_timed_out:
        case errc::total_timed_out:
        case errc::too_slow:
            return std::errc::timed_out;
        default:
            return {value, *this};
        }
    }
};

std::string with_detail(const std::error_code& code, std::string_view detail)
{
    std::string text = code.message();
    if (!detail.empty()) {
        text += ": ";
        text += detail;
    }
    return text;
}

} // namespace

const std::error_category& http_category() noexcept
{
    static const category instance;
    return instance;
}

std::error_code make_error_code(errc code) noexcept
{
    return {static_cast<int>(code), http_category()};
}

bool is_timeout(const std::error_code& code) noexcept
{
    return code == std::errc::timed_out;
}

bool is_retryable(const std::error_code& code) noexcept
{
    return is_timeout(code) || code == errc::host_not_found || code == errc::connection_closed ||
           code == errc::body_truncated || code == errc::proxy_failed ||
           code == std::errc::connection_refused || code == std::errc::connection_reset ||
           code == std::errc::connection_aborted || code == std::errc::broken_pipe ||
           code == std::errc::network_unreachable || code == std::errc::network_down ||
           code == std::errc::network_reset || code == std::errc::host_unreachable;
}

request_error::request_error(std::error_code code, std::string url, std::string_view detail)
    : std::system_error(code),
      url_(std::move(url)),
      reason_(with_detail(code, detail)),
      text_(url_ + ": " + reason_)
{}

request_error::request_error(std::error_code code,
                             std::string url,
                             std::filesystem::path path,
                             std::string_view action)
    : std::system_error(code),
      url_(std::move(url)),
      reason_(std::string(action) + " '" + path.string() + "': " + code.message()),
      text_(url_ + ": " + reason_),
      path_(std::move(path))
{}

status_error::status_error(int status, const std::string& reason, std::string url)
    : std::runtime_error("HTTP " + std::to_string(status) + (reason.empty() ? "" : " ") + reason +
                         ": " + url),
      status_(status),
      url_(std::move(url))
{}

} // namespace cofutures::http
