// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What the exchanges have in common that fetch one file together.

#include "download_file.hpp"
#include "partial_record.hpp"
#include "segment_plan.hpp"
#include "split_pace.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace cofutures::http::detail {

class exchange;

/// A file in pieces: one exchange leads, which belongs to the call, and helpers come and go.
///
/// **Thread safety** None: it belongs to the client's strand; `file` is used on the thread for files
///   only.
/// **Lifetime** The leader ends last.
struct segment_group {
    /// After so many streams have failed there are no new ones.
    static constexpr std::size_t most_failures = 3;

    segment_group(exchange& first,
                  download_file& target,
                  partial_record what,
                  const std::vector<byte_range>& missing)
        : leader(first),
          file(target),
          record(std::move(what)),
          plan(missing),
          save_step(std::clamp<std::uint64_t>(record.length / 256, 64 * 1024, 16 * 1024 * 1024))
    {}

    exchange& leader;
    download_file& file;
    const partial_record record; ///< whose version is fetched
    std::string origin;          ///< whose turns helpers take
    segment_plan plan;
    segment_plan::stream last_stream = 0;
    split_pace pace{1, std::chrono::milliseconds(0), {}};
    std::vector<exchange*> helpers; ///< that have not ended: these keep themselves alive
    std::size_t failures = 0;       ///< of streams
    bool answered = false;          ///< whether the leader has been sent any of the file
    bool begun = false;             ///< whether the file is open, so that any part can be written
    bool proven = false;            ///< whether the server has sent a part of the file
    bool closed = true;             ///< whether there are no new helpers
    bool described = false;         ///< whether the record of the file speaks of gaps
    bool leader_waits = false;      ///< for a helper to end
    const std::uint64_t save_step;  ///< written bytes after which the record is brought up to date
    std::uint64_t unsaved = 0;
    std::chrono::steady_clock::time_point sent; ///< the first request
};

} // namespace cofutures::http::detail
