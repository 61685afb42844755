// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The checksums of many files, by name.

#include <cofutures/http/file_options.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace downloader {

/// A text as `sha256sum` and its relatives write it, read once, however many names are looked up.
class checksum_list {
public:
    checksum_list() = default;

    /// Lines that are no checksum, or one of an unknown algorithm, are skipped.
    explicit checksum_list(std::string_view text);

    /// What the file must add up to; "./NAME" in the text is NAME.
    std::optional<cofutures::http::checksum> find(const std::string& name) const;

private:
    void add(std::string_view line);

    std::unordered_map<std::string, cofutures::http::checksum> sums_;
};

} // namespace downloader
