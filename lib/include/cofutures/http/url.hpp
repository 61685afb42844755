// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// An absolute http or https address, taken apart. Floor 6.

#include <cofutures/detail/cplusplus.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace cofutures::http {

/// A text that is, or was meant to be, a URL, with "***" in place of a name and password in it: for
/// logs and error messages. Whatever `url` accepts is returned as it is, since it refuses these.
///
/// Where the text is no URL, more may be hidden than a name and a password, never less: a password
/// that was not encoded can contain anything.
std::string redacted(std::string_view text);

/// An absolute http or https URL in normal form.
///
/// Scheme and host are in lower case, the port is always known, the path is never empty, dot
/// segments are resolved, and what may not stand in a URL (blanks, non-ASCII bytes) is
/// percent-encoded; the fragment is dropped, since it is never sent. User names in URLs are
/// refused: pass an `Authorization` header instead, which the client knows to withhold from other
/// servers.
///
/// **Thread safety** As a `std::string`.
/// **See** RFC 3986; RFC 9110 section 4.2.
class url {
public:
    /// Reads an absolute URL.
    ///
    /// **Throws** `request_error` with `errc::invalid_url` or `errc::unsupported_scheme`, saying
    ///   which part is wrong.
    explicit url(std::string_view text);

    /// "http" or "https".
    const std::string& scheme() const noexcept { return scheme_; }

    /// The host name or address; an IPv6 address without its brackets.
    const std::string& host() const noexcept { return host_; }

    std::uint16_t port() const noexcept { return port_; }

    /// Path and query, as they stand in the request line.
    const std::string& target() const noexcept { return target_; }

    /// The last segment of the path, percent-decoded: a name for the file. Empty for ".../".
    ///
    /// Never contains a slash, a backslash or a control character, and is never "." or "..", so
    /// that it cannot lead out of the folder it is appended to.
    std::string file_name() const;

    /// Host and, unless it is the scheme's own, port: the value of the `Host` header.
    std::string authority() const;

    /// Scheme, host and port: who is asked. Credentials stay within one origin.
    std::string origin() const;

    /// The whole URL.
    std::string str() const { return origin() + target_; }

    /// Resolves a reference, relative or absolute, as a `Location` header contains it.
    ///
    /// **Throws** As the constructor.
    /// **See** RFC 3986 section 5.2.
    url resolve(std::string_view reference) const;

    friend bool operator==(const url&, const url&) = default;

private:
    std::string scheme_;
    std::string host_;
    std::uint16_t port_ = 0;
    std::string target_;
};

} // namespace cofutures::http
