// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Files of ours beside the user's, in folders that others may be able to write to.
///
/// What has such a name may have been put there by somebody else: a symbolic link to a file of the
/// user's, a pipe that nobody writes to. Nothing of the kind is followed, waited for or believed.

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace cofutures::http::detail {

/// How a file of ours is opened.
enum class own_file {
    existing, ///< for reading, if it is there
    continued, ///< for reading and writing; made where it is not there, with the mode of any new file
    fresh,     ///< for both; made, with the mode of any new file, and never one that was there
    secret     ///< made likewise, but nobody else may read it
};

/// Opens a file of ours; the caller closes the descriptor. -1, and why, if that is impossible, or if
/// what has the name is not a file of this user's that has no other name (`std::errc::file_exists`).
///
/// **Blocks** for the disk only, whatever is there.
int open_own_file(const std::filesystem::path& path, own_file how, std::error_code& ec) noexcept;

/// The content of a file of ours; nothing if there is none, or if it has more than `most` bytes.
///
/// **Blocks** As `open_own_file`.
std::optional<std::string> read_own_file(const std::filesystem::path& path, std::size_t most);

/// Gives a file of ours new content, whole or not at all, that only this user can read; false if
/// that was impossible. Another file, named as this one with "~" behind, is used for it.
///
/// **Blocks** As `open_own_file`.
bool replace_own_file(const std::filesystem::path& path, std::string_view content);

} // namespace cofutures::http::detail
