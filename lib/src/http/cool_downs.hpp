// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Servers that have asked to be left alone for a while, without any clock of its own.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <string>

namespace cofutures::http::detail {

/// Until when each origin is to be left alone.
///
/// **Thread safety** None: it belongs to the client's strand.
class cool_downs {
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// Notes what a server has asked for; of several wishes the longest counts.
    void begin(const std::string& origin, time_point end, time_point now)
    {
        if (ends_.size() >= max_size) {
            std::erase_if(ends_, [now](const auto& each) { return each.second <= now; });
        }
        if (end > now && ends_.size() < max_size) {
            time_point& known = ends_[origin];
            known = std::max(known, end);
        }
    }

    /// When requests may go on; long ago where nothing was asked for.
    time_point end(const std::string& origin) const
    {
        const auto known = ends_.find(origin);
        return known == ends_.end() ? time_point::min() : known->second;
    }

    std::size_t size() const noexcept { return ends_.size(); }

    /// The wishes of more servers than this are not remembered.
    static constexpr std::size_t max_size = 1000;

private:
    std::map<std::string, time_point> ends_;
};

} // namespace cofutures::http::detail
