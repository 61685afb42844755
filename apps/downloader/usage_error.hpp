// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A command line that makes no sense.

#include <stdexcept>
#include <string>
#include <utility>

namespace downloader {

/// What is wrong with a command line, and how it should have been.
class usage_error : public std::runtime_error {
public:
    usage_error(const std::string& problem, std::string usage = {})
        : std::runtime_error(problem), usage_(std::move(usage))
    {}

    /// The line that says how the command is called; empty for that of `flags`.
    const std::string& usage() const noexcept { return usage_; }

private:
    std::string usage_;
};

} // namespace downloader
