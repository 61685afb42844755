// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What is under way, put into the lines that a terminal shows.

#include "get/get_report.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace downloader {

/// A run at one moment.
struct run_snapshot {
    /// A download that has a connection.
    struct transfer {
        std::string name;
        std::chrono::duration<double> elapsed{0};
        std::uint64_t size = 0;                             ///< how much of it there is
        std::optional<std::uint64_t> length = std::nullopt; ///< how much there will be
    };

    std::vector<transfer> active;
    std::size_t waiting = 0; ///< ordered, and without a connection
    get_tally counts;
    std::uint64_t fetched = 0;            ///< bytes, those of files under way included
    std::optional<double> expected_total; ///< how many files there will be, if that is known
    bool expected_exactly = false;        ///< otherwise it is an estimate
};

/// Measures speed: what came within the last seconds, not since the beginning.
///
/// **Thread safety** None.
class rate_meter {
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// Notes that there are so many in all by now.
    void note(time_point now, double amount);

    /// How many a second; nothing before there is something to compare.
    std::optional<double> rate() const;

private:
    static constexpr std::chrono::seconds memory{15};

    std::deque<std::pair<time_point, double>> notes_;
};

/// Turns snapshots into lines: one for each transfer, as many as fit, and one for the whole.
class live_view {
public:
    using time_point = rate_meter::time_point;

    /// The lines for a window of this size; none is wider than `columns`.
    std::vector<std::string>
    lines(const run_snapshot& run, time_point now, std::size_t columns, std::size_t rows);

private:
    std::string total_line(const run_snapshot& run) const;

    rate_meter bytes_;
    rate_meter files_;
};

/// "0:07", "12:00", "3:00:00".
std::string duration_text(std::chrono::duration<double> duration);

/// How many columns of a terminal the text takes, at most.
std::size_t width_of_text(std::string_view text);

/// The text cut so that it takes no more than `columns` of a terminal.
///
/// Characters from U+1100 on count twice: too short is better than a line that wraps.
std::string cut_to(std::string_view text, std::size_t columns);

} // namespace downloader
