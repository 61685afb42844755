// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What stands in for the web in examples, and a folder for what they save.

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace example {

/// A web site on a free port of 127.0.0.1. What it does not have is a 404.
class loopback_site {
public:
    /// Serves the body `pages.at(target)` for each target, such as "/index.html".
    explicit loopback_site(std::map<std::string, std::string> pages);
    ~loopback_site();

    /// "http://HOST:PORT" and then `target`.
    std::string url(std::string_view target, std::string_view host = "127.0.0.1") const;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

/// A new folder, which is removed again with what is in it.
class scratch_folder {
public:
    scratch_folder();
    ~scratch_folder();
    scratch_folder(const scratch_folder&) = delete;
    scratch_folder& operator=(const scratch_folder&) = delete;

    std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

} // namespace example
