// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A server of others, run by a test on the loopback interface.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace cofutures::test {

/// A program that listens on a free port; the destructor kills it.
class peer_program {
public:
    /// Starts what `command` makes of a port, and waits until it accepts connections there. What
    /// the program says goes to `log`, if there is one.
    ///
    /// **Throws** `std::runtime_error` with the log if it does not.
    explicit peer_program(
        const std::function<std::vector<std::string>(const std::string& port)>& command,
        std::filesystem::path log = {});
    ~peer_program();

    peer_program(const peer_program&) = delete;
    peer_program& operator=(const peer_program&) = delete;

    std::uint16_t port() const noexcept { return port_; }

private:
    bool start(std::vector<std::string> words);
    bool listens() const;
    bool ended();

    const std::filesystem::path log_;
    std::uint16_t port_ = 0;
    pid_t pid_ = -1;
};

} // namespace cofutures::test
