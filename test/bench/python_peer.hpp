// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A Python program that does on request what a benchmark compares with.

#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>

#include <sys/types.h>

namespace bench {

class python_peer {
public:
    /// Starts Python on a script.
    ///
    /// **Throws** `std::runtime_error` if there is no Python 3.
    explicit python_peer(const std::string& script);
    ~python_peer();
    python_peer(const python_peer&) = delete;
    python_peer& operator=(const python_peer&) = delete;

    const std::string& version() const noexcept { return version_; }

    /// The seconds that the script says it took.
    ///
    /// **Throws** `std::runtime_error` with what the script says instead.
    double measure(const std::string& contender, const std::string& scenario, std::size_t count);

private:
    std::string read_line();

    pid_t pid_ = 0;
    using file = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
    file requests_{nullptr, std::fclose};
    file answers_{nullptr, std::fclose};
    std::string version_;
};

} // namespace bench
