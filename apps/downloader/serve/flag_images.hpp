// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The images that the embedded server serves.

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace downloader {

/// The flags by country code, held in memory.
///
/// Real images where the Debian package iso-flags-png-320x240 (or another folder of files named
/// xx.png) is installed, generated ones otherwise.
class flag_images {
public:
    static constexpr std::string_view usual_folder = "/usr/share/iso-flags-png-320x240";

    /// Reads every two-letter .png of `folder`; generates the known codes' flags if `folder` is
    /// "generated", or empty while the usual folder does not exist.
    ///
    /// **Throws** `std::runtime_error` if the folder holds no such file, or one is unreadable.
    explicit flag_images(const std::filesystem::path& folder = {});

    /// The image for a code in lower case, or null.
    const std::string* find(std::string_view code) const;

    bool generated() const noexcept { return generated_; }
    std::size_t size() const noexcept { return images_.size(); }

private:
    void load(const std::filesystem::path& folder);
    void generate();

    std::map<std::string, std::string, std::less<>> images_;
    bool generated_ = false;
};

} // namespace downloader
