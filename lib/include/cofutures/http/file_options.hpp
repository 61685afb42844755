// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// How a download treats its file. Floor 6.

#include <cofutures/detail/cplusplus.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cofutures::http {

/// What the bytes of a file must add up to.
class checksum {
public:
    enum class algorithm { md5, sha1, sha256, sha512 };

    /// Reads "sha256:HEX", also with "=" and as "sha-256", or bare hexadecimal digits, whose number
    /// tells the algorithm.
    ///
    /// **Throws** `std::invalid_argument` that says what was expected.
    explicit checksum(std::string_view text);

    algorithm kind() const noexcept { return kind_; }

    /// The digits, in lower case.
    const std::string& digits() const noexcept { return digits_; }

    /// "md5", "sha1", "sha256" or "sha512".
    std::string_view name() const noexcept;

    friend bool operator==(const checksum&, const checksum&) = default;

private:
    algorithm kind_;
    std::string digits_;
};

/// Finds a file in a list as `sha256sum` and its relatives write them; nothing if it is not there.
///
/// Both forms are read: "HEX  name", also with "*" before the name, and "SHA256 (name) = HEX".
std::optional<checksum> find_checksum(std::string_view list, std::string_view name);

/// What may happen to the file of a download, beside its being written.
struct file_options {
    /// Keeps what has arrived when a download fails, is stopped or killed, and goes on from there
    /// when the same URL is downloaded to the same path again.
    ///
    /// The part is in ".NAME.part", and what it belongs to in ".NAME.part-info". Only a part with a
    /// strong ETag or Last-Modified is kept, and the server is asked to send the rest if that still
    /// holds (`If-Range`), else the whole: two versions are never mixed. One process at a time can
    /// write a part; another one fails with `std::errc::resource_unavailable_try_again`.
    /// Where several connections have fetched it, it has gaps, which are in ".NAME.part-info".
    bool resume = false;

    /// Compared before the file gets its name; a file that does not add up is removed, and the call
    /// fails with `errc::checksum_mismatch`.
    std::optional<http::checksum> checksum = std::nullopt;

    /// What to do where the file is there already: replace it, keep it without asking the server,
    /// replace it by a newer one only, or fail with `std::errc::file_exists`.
    ///
    /// `if_newer` gives files the server's times. `refuse` is for those who have looked themselves:
    /// it finds out last, when the file gets its name, and saves the look before.
    enum class existing { replace, keep, if_newer, refuse } if_exists = existing::replace;

    /// Whether the server may name the file (`Content-Disposition`), within the folder of the path
    /// asked for; `download_result::path` tells the name.
    ///
    /// A name with folders loses them. One that is hidden (begins with a dot), not UTF-8 or contains
    /// control characters is not used: the file then gets the name asked for, as it does without any.
    /// A name that the server has chosen never replaces a file, whatever `if_exists` says: `keep` keeps
    /// what is there, as always, but only asking the server shows what that is; otherwise the call
    /// fails with `std::errc::file_exists`. Parts are named after the path asked for.
    bool use_server_name = false;

    /// Whether the file gets the time of `Last-Modified`.
    bool set_time = false;

    /// Whether the file, and its folder, are forced to the disk (`fsync`) before the call ends.
    bool sync = false;

    /// The most connections that fetch the file at the same time; 1: never more than one.
    ///
    /// More are opened where the server sends parts of files, where the validator that `resume`
    /// needs is there, where turns are free that nobody waits for (`max_connections_per_host`), and
    /// as long as each step makes the download faster. They are closed when another call wants
    /// their turns.
    std::size_t segments = 1;

    /// The least that a further connection fetches; a file with less than twice as much to go is
    /// not split.
    std::uint64_t min_segment = 8 * 1024 * 1024;

    /// How long the download runs, and is measured, before its connections are doubled, each time.
    /// 0: all of them are used at once, whether they help or not.
    std::chrono::milliseconds split_after = std::chrono::milliseconds(500);
};

} // namespace cofutures::http
