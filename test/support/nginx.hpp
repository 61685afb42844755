// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Debian's nginx, serving a folder on the loopback interface.

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

namespace cofutures::test {

class nginx {
public:
    /// One line of its log.
    struct access {
        std::size_t connection = 0;            ///< its number
        std::size_t request_of_connection = 0; ///< 1 for its first
        int status = 0;
        std::string path;
    };

    /// Starts it on a free port, with everything it writes below `folder` and the files to serve in
    /// `folder/html`. What is below "/slow/" comes with 4 MiB/s over each connection.
    nginx(const std::string& executable, std::filesystem::path folder);
    ~nginx();

    nginx(const nginx&) = delete;
    nginx& operator=(const nginx&) = delete;

    /// "http://127.0.0.1:PORT".
    const std::string& url() const noexcept { return url_; }

    /// Ends it and tells what it was asked for.
    std::vector<access> stop();

private:
    bool start(const std::string& executable, std::string& said);
    void kill(int signal) noexcept;

    std::filesystem::path folder_;
    std::string url_;
    pid_t pid_ = -1;
    int messages_ = -1;
};

} // namespace cofutures::test
