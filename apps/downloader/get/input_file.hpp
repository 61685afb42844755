// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A file, pipe or terminal that is read block by block, and not for longer than wanted.

#include <cstdint>
#include <optional>
#include <string>

namespace downloader {

/// An open input whose reader can be sent away.
///
/// **Thread safety** `stop()` may be called while another thread reads.
class input_file {
public:
    /// Opens a file; "-" is standard input.
    ///
    /// **Throws** `std::system_error` that names it.
    explicit input_file(const std::string& path);
    ~input_file();

    input_file(const input_file&) = delete;
    input_file& operator=(const input_file&) = delete;

    /// Reads what is there, 64 KiB at most; empty at the end and after `stop()`.
    ///
    /// **Blocks** until there is something.
    /// **Throws** `std::system_error` that names the file.
    std::string read_block();

    /// Ends a read under way and all later ones.
    void stop() noexcept;

    /// The length of a file; nothing for a pipe, whose length nobody knows.
    std::optional<std::uint64_t> size() const noexcept { return size_; }

    /// The name for messages: the path, or "standard input".
    const std::string& name() const noexcept { return name_; }

private:
    void close() noexcept;

    std::string name_;
    int descriptor_ = -1;
    bool owned_ = true;
    int wake_ = -1; ///< an eventfd that stop() makes readable
    std::optional<std::uint64_t> size_;
};

} // namespace downloader
