// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Whether a file on the disk is the one that was ordered.

#include <cofutures/http/file_options.hpp>

#include <filesystem>
#include <stop_token>

namespace downloader {

/// Reads the file and tells whether it adds up; a file that cannot be read does not.
///
/// **Blocks** as long as reading it takes.
/// **Cancellation** A stop request makes it return false soon.
bool adds_up(const std::filesystem::path& path,
             const cofutures::http::checksum& expected,
             const std::stop_token& stop);

} // namespace downloader
