// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What the client tells about one transfer, kept for those who look at it from time to time.

#include <cofutures/http/event.hpp>

#include "get/get_report.hpp"

#include <cstdint>
#include <mutex>
#include <optional>

namespace downloader {

/// A transfer while it is under way.
///
/// **Thread safety** All members may be called from any thread.
class transfer_watch {
public:
    struct state {
        bool begun = false;        ///< it has had a connection
        std::uint64_t size = 0;    ///< how much of the file there is
        std::uint64_t fetched = 0; ///< how much came over the network
        std::optional<std::uint64_t> length;
        phase_times phases;
    };

    /// Called by the client's thread with each event.
    void note(const cofutures::http::event& what);

    state now() const;

private:
    mutable std::mutex mutex_;
    state state_;
    std::chrono::duration<double> wait_{0}; ///< of the request under way, for its first byte
    std::chrono::duration<double> body_{0}; ///< of the request under way
};

} // namespace downloader
