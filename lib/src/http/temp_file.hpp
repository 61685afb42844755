// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A file that appears under its name only when it is complete.

#include <filesystem>
#include <string_view>
#include <system_error>

namespace cofutures::http::detail {

/// What went wrong with a file, and at which step ("create", "write", ...).
class file_error : public std::system_error {
public:
    file_error(std::error_code code, const char* action) : std::system_error(code), action_(action)
    {}
    const char* action() const noexcept { return action_; }

private:
    const char* action_;
};

/// A temporary file beside its target, renamed over it by `commit()` and removed otherwise.
///
/// It lives in the target's folder because a rename is atomic only within one file system.
///
/// **Blocks** Every member does disk I/O.
/// **Throws** `file_error`.
class temp_file {
public:
    explicit temp_file(std::filesystem::path target);
    ~temp_file();

    temp_file(const temp_file&) = delete;
    temp_file& operator=(const temp_file&) = delete;

    void write(std::string_view bytes);
    void commit();

private:
    std::filesystem::path target_;
    std::filesystem::path path_;
    int descriptor_ = -1;
};

} // namespace cofutures::http::detail
