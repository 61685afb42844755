// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// nginx, Apache's httpd and Caddy, set up to behave alike.

#include "peer_program.hpp"

#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

namespace cofutures::test {

class certificates;

/// A program that serves files, and what is particular to it.
struct web_server_program {
    enum class brand { nginx, apache, caddy } brand;
    std::string executable;           ///< empty where it is not installed
    std::vector<std::string> codings; ///< those it knows
};

/// What GoogleTest calls it.
inline void PrintTo(const web_server_program& program, std::ostream* out)
{
    *out << program.executable;
}

/// A web server of others on a free port of the loopback interface.
///
/// It serves the files below `html` in its folder, each of them under
///   /NAME           as it is
///   /coded/NAME     coded as the client likes it best
///   /private/NAME   for "me" with the password "secret"
///   /later/NAME     with status 503 and `Retry-After: 1` while there is no such file
/// and answers at
///   /echo           with the body it is sent
///   /moved          with 301 to /page.html
///   /see-other      with 303 to /page.html
///   /same-method    with 307 to /echo
class web_server {
public:
    /// Which clients may speak to a server with a certificate: any, or those that show one from the
    /// same authority.
    enum class clients { any, certified };

    /// With an identity it speaks https, as "localhost". Everything it writes goes below `folder`.
    web_server(const web_server_program& program,
               std::filesystem::path folder,
               const certificates* identity = nullptr,
               clients allowed = clients::any);

    /// The URL of a path that begins with "/".
    std::string url(const std::string& path) const;

private:
    std::vector<std::string> command(const std::string& port) const;
    std::string nginx_settings(const std::string& port) const;
    std::string apache_settings(const std::string& port) const;
    std::string caddy_settings(const std::string& port) const;

    const web_server_program program_;
    const std::filesystem::path folder_;
    const bool secure_;
    const clients allowed_;
    const peer_program running_;
};

} // namespace cofutures::test
