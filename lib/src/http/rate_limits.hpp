// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// How fast may be read, without any clock of its own.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace cofutures::http::detail {

/// A bucket of bytes that fills at a constant speed and may go into debt.
///
/// What was read is taken out afterwards, since nobody knows before how much will come; the next
/// read waits until the debt is paid.
class rate_limiter {
public:
    using clock = std::chrono::steady_clock;

    /// What the bucket holds at most, so that readers who come a little late lose nothing.
    static constexpr std::chrono::milliseconds burst{100};

    /// A speed of 0 bytes per second is no limit.
    explicit rate_limiter(std::uint64_t bytes_per_second) : speed_(bytes_per_second) {}

    /// When the next bytes may be read.
    clock::time_point ready() const noexcept { return ready_; }

    void charge(std::size_t bytes, clock::time_point now)
    {
        if (speed_ != 0) {
            const std::chrono::duration<double> time(static_cast<double>(bytes) /
                                                     static_cast<double>(speed_));
            ready_ =
                std::max(ready_, now - burst) + std::chrono::duration_cast<clock::duration>(time);
        }
    }

    /// Tells whether the bucket is full: as good as a new one.
    bool is_full(clock::time_point now) const noexcept { return ready_ <= now - burst; }

private:
    std::uint64_t speed_;
    clock::time_point ready_ = clock::time_point::min();
};

/// The limits of a client: one for everything and one for each origin.
///
/// **Thread safety** None: it belongs to the client's strand.
class rate_limits {
public:
    using clock = rate_limiter::clock;

    /// In bytes per second; 0: no limit.
    rate_limits(std::uint64_t overall, std::uint64_t per_host)
        : overall_(overall), per_host_(per_host)
    {
        for (const std::uint64_t each : {overall, per_host}) {
            if (each != 0) {
                piece_ = std::min(piece_, std::max<std::uint64_t>(each / 20, 1024));
            }
        }
    }

    /// How much to read at once: a twentieth of a second's worth, so that nobody waits for long.
    std::size_t piece() const noexcept { return static_cast<std::size_t>(piece_); }

    /// When the next bytes of an origin may be read.
    clock::time_point ready(const std::string& origin) const
    {
        const auto host = hosts_.find(origin);
        return host == hosts_.end() ? overall_.ready()
                                    : std::max(overall_.ready(), host->second.ready());
    }

    void charge(const std::string& origin, std::size_t bytes, clock::time_point now)
    {
        overall_.charge(bytes, now);
        if (per_host_ != 0) {
            if (hosts_.size() >= 1000) { // else a client that meets a million hosts remembers all
                std::erase_if(hosts_, [now](const auto& each) { return each.second.is_full(now); });
            }
            hosts_.try_emplace(origin, per_host_).first->second.charge(bytes, now);
        }
    }

private:
    rate_limiter overall_;
    std::uint64_t per_host_;
    std::uint64_t piece_ = 64 * 1024;
    std::map<std::string, rate_limiter> hosts_;
};

} // namespace cofutures::http::detail
