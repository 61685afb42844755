// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What can go wrong between a request and its response. Floor 6; read this before the client.
///
/// A response with status 404 is not an error here: the server answered. Only what keeps the answer
/// (or the file) from arriving is.

#include <cofutures/detail/cplusplus.hpp>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace cofutures::http {

/// The failures that the client itself can tell; everything else keeps its system error code.
enum class errc {
    // Fix the request.
    invalid_url = 1,
    unsupported_scheme,
    invalid_request,
    wrong_body_length, ///< of a request: not what was announced
    // Try again, perhaps later.
    host_not_found,
    resolve_timed_out,
    connect_timed_out,
    tls_handshake_timed_out,
    idle_timed_out,
    total_timed_out,
    too_slow,
    connection_closed,
    body_truncated,
    proxy_failed, ///< to reach the host
    // Give up: the other side does something that we do not accept.
    tls_failed,
    bad_response,
    header_too_large,
    body_too_large,
    decoding_failed,
    checksum_mismatch,
    too_many_redirects,
    bad_redirect,
    insecure_redirect,
    proxy_refused, ///< to serve us at all, or speaks another language
};

/// The category of `errc`, named `cofutures.http`.
const std::error_category& http_category() noexcept;

std::error_code make_error_code(errc code) noexcept;

/// Tells whether a time limit was the reason, ours or the operating system's.
bool is_timeout(const std::error_code& code) noexcept;

/// Tells whether the same request may well succeed a little later.
///
/// True for time-outs, refused, reset and closed connections, unreachable networks, unknown hosts,
/// truncated bodies and proxies that reach nobody; false for bad requests, bad responses, TLS and file errors.
bool is_retryable(const std::error_code& code) noexcept;

/// A request that got no (complete) response, or whose body could not be stored.
///
/// `what()` is "URL: reason", and the reason names the file where a file was the reason.
class request_error : public std::system_error {
public:
    /// Reports that the exchange with `url` failed; `detail` adds to the text of the code.
    request_error(std::error_code code, std::string url, std::string_view detail = {});

    /// Reports that `path` could not be written with the body from `url`, or read for one to send.
    request_error(std::error_code code,
                  std::string url,
                  std::filesystem::path path,
                  std::string_view action);

    const char* what() const noexcept override { return text_.c_str(); }

    /// The URL as it was asked for last, after redirects.
    const std::string& url() const noexcept { return url_; }

    /// The reason alone, without the URL: what a line that already names the URL wants.
    const std::string& reason() const noexcept { return reason_; }

    /// The file that could not be written or sent; empty if the network was the reason.
    const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::string url_;
    std::string reason_;
    std::string text_;
    std::filesystem::path path_;
};

/// A response whose status is not a success, thrown only by those who ask (`ensure_success()`).
class status_error : public std::runtime_error {
public:
    status_error(int status, const std::string& reason, std::string url);

    int status() const noexcept { return status_; }
    const std::string& url() const noexcept { return url_; }

private:
    int status_;
    std::string url_;
};

} // namespace cofutures::http

template <>
struct std::is_error_code_enum<cofutures::http::errc> : std::true_type {};
