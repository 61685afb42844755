// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A server that answers any number of connections from one function.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace cofutures::test {

class certificates;

/// The bytes of one answer.
struct raw_answer {
    std::string bytes;
    bool close = false; ///< afterwards, as bodies without a length need
};

/// Listens on a free port of 127.0.0.1, with keep-alive, on a thread of its own.
class origin_server {
public:
    /// `answer` is called on the server's thread with the target of each request. With an identity the
    /// server speaks TLS; it must outlive the server.
    explicit origin_server(std::function<raw_answer(const std::string& target)> answer,
                           const certificates* identity = nullptr);
    ~origin_server();

    origin_server(const origin_server&) = delete;
    origin_server& operator=(const origin_server&) = delete;

    std::uint16_t port() const noexcept;

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace cofutures::test
