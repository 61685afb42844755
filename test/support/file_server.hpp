// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A well-behaved web server with made-up files, which says what it was asked for.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cofutures::test {

/// Serves the given files as /0, /1, … on 127.0.0.1, with ranges and strong entity tags.
///
/// **Runs on** one thread of its own.
class file_server {
public:
    /// A request: which file, from which byte on, and up to which.
    struct request {
        std::size_t file;
        std::uint64_t from;
        std::uint64_t end;
    };

    explicit file_server(std::vector<std::string> files);
    ~file_server();

    file_server(const file_server&) = delete;
    file_server& operator=(const file_server&) = delete;

    std::string url(std::size_t file) const;

    /// What was asked for since the last call.
    std::vector<request> take_requests();

    /// The most connections that were open at the same time.
    std::size_t most_open() const;

    /// Waits until so many bytes of bodies were sent since the last call, or until all connections
    /// were closed after there had been some.
    void wait_sent(std::uint64_t bytes);

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace cofutures::test
