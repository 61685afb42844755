// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A web server inside the program, so that the demonstration needs no network.

#include "serve/flag_images.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace downloader {

/// How the server misbehaves, and where it listens.
struct flag_server_options {
    std::string bind = "127.0.0.1";
    std::uint16_t port = 0; ///< 0: any free one

    /// Every GET waits for a time between these two.
    std::chrono::milliseconds delay_min{0};
    std::chrono::milliseconds delay_max{0};

    /// This part of all GETs (0 to 1) is answered with 418 instead.
    double error_rate = 0;

    /// Decides, with the path and how often it was asked for, about delay and error: the same
    /// requests get the same treatment in whatever order they come.
    std::uint64_t seed = 1;

    /// Called on the server's thread after each answer: "GET /br/br.png 200 after 123 ms".
    std::function<void(const std::string&)> log = {};
};

/// Serves flags as /xx/xx.png until it is destroyed; anything else is 404.
///
/// **Runs on** one thread of its own; delays are timers, so thousands of them cost nothing.
/// **Throws** The constructor: `std::system_error` if it cannot listen, naming address and port;
///   `std::invalid_argument` for impossible delays or rates.
class flag_server {
public:
    flag_server(flag_server_options options, const flag_images& images);
    ~flag_server();

    flag_server(const flag_server&) = delete;
    flag_server& operator=(const flag_server&) = delete;

    std::uint16_t port() const noexcept;

    /// "http://127.0.0.1:8001"
    std::string base_url() const;

    /// How many requests were answered so far.
    std::uint64_t answered() const noexcept;

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace downloader
