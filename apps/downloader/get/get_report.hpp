// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What became of the files that were to be fetched, counted and put into words.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

namespace downloader {

enum class ending {
    downloaded,
    kept,    ///< the file was there already
    planned, ///< it would be downloaded if this were not a dry run
    failed,
    timed_out,
    interrupted
};

/// Where the time of a transfer went, over all its redirects and tries.
struct phase_times {
    using seconds = std::chrono::duration<double>;

    seconds queue{0};   ///< for a connection that it may have
    seconds resolve{0}; ///< the names of servers
    seconds connect{0};
    seconds tls{0};
    seconds send{0};
    seconds wait{0}; ///< for the first byte of an answer
    seconds body{0};
    seconds pause{0}; ///< before further tries

    /// Each phase with its name.
    std::array<std::pair<std::string_view, seconds>, 8> all() const;
};

/// What became of one file.
struct file_ending {
    std::string place; ///< "urls.txt:7"; empty for a URL of the command line
    std::string url;   ///< as it was given
    std::filesystem::path path;
    ending how = ending::downloaded;
    std::string problem; ///< why there is no file, without the URL

    int status = 0;        ///< of the last answer; 0 if there was none
    std::string final_url; ///< after redirects
    std::uint64_t size = 0;
    std::uint64_t resumed_at = 0; ///< so much was there from an earlier run
    std::size_t tries = 0;        ///< until there was an answer; 0 if there was none
    std::chrono::duration<double> elapsed{0};
    phase_times phases;
};

/// How many files came to which end.
class get_tally {
public:
    void add(const file_ending& file);

    std::size_t count(ending how) const { return counts_[static_cast<std::size_t>(how)]; }
    std::size_t total() const;

    /// The bytes of the files downloaded.
    std::uint64_t bytes() const { return bytes_; }

    /// 0 if every file is there, 1 if some are not, 130 if that is because of a Ctrl-C.
    int exit_status(bool interrupted) const;

private:
    std::size_t counts_[6] = {};
    std::uint64_t bytes_ = 0;
};

/// "999 B", "1.2 MB": the decimal units that networks are measured in.
std::string size_text(double bytes);

/// One word for it, as programs like it.
std::string_view name_of(ending how);

/// The text with control characters replaced, since what a server says must not command the
/// terminal.
std::string printable(std::string_view text);

/// One line for a file that is there: its name and size; verbose also time and origin.
std::string success_line(const file_ending& file, bool verbose);

/// "urls.txt:7: http://host/x: HTTP 404 Not Found".
std::string failure_line(const file_ending& file);

/// "18 files downloaded (1.2 MB) in 0.31s, 3 kept, 1 failed".
std::string summary_line(const get_tally& counts, std::chrono::duration<double> elapsed);

/// "18 files would be downloaded, 3 kept, 1 failed".
std::string dry_summary_line(const get_tally& counts);

} // namespace downloader
