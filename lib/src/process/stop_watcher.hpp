// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Brings stop requests from the status page to the task that runs. Internal.

#include "status_page.hpp"

#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

namespace cofutures::detail {

/// Starts a thread with the first task that takes a stop token; workers without such tasks have one
/// thread. The thread is never joined: a worker ends by `_exit`.
class stop_watcher {
public:
    explicit stop_watcher(status_page& page) noexcept : page_(page) {}

    void begin(std::uint64_t sequence) noexcept { sequence_ = sequence; }

    /// The running task's token.
    std::stop_token token();

    void end() noexcept;

private:
    void watch() noexcept;
    void stop_if_asked() noexcept;

    status_page& page_;
    std::uint64_t sequence_ = 0; // of the worker's main thread only
    bool in_use_ = false;        // likewise
    std::thread* thread_ = nullptr;

    std::mutex mutex_;
    std::optional<std::stop_source> source_; // guarded by mutex_
    std::uint32_t awaited_ = 0;              // guarded by mutex_
};

} // namespace cofutures::detail
