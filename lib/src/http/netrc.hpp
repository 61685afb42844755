// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Names and passwords from a .netrc file.

#include <cofutures/http/credentials.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cofutures::http::detail {

/// The entries of a .netrc file, of which the first that fits a host counts.
class netrc {
public:
    /// Reads `machine`, `default`, `login`, `password` and `account`; skips `macdef` and comments.
    ///
    /// **Throws** `std::invalid_argument` that names the line and what was expected.
    static netrc parse(std::string_view text);

    /// **Throws** Also `std::system_error` if the file cannot be read.
    static netrc load(const std::filesystem::path& path);

    std::optional<credentials> find(std::string_view host) const;

private:
    struct entry {
        std::string machine; ///< empty: any
        std::string login = {};
        std::string password = {};
    };

    std::vector<entry> entries_;
};

} // namespace cofutures::http::detail
