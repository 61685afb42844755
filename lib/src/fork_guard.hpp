// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Objects whose threads do not exist in a forked child. Internal.

#include <cofutures/detail/fork_count.hpp>
#include <cofutures/error.hpp>

#include <mutex>
#include <string>

namespace cofutures::detail {

/// The mutex of an object with threads. In a forked child, where a thread that does not exist may hold it
/// for ever and may have left what it guards half changed, it cannot be had: the copy is left alone.
///
/// There is no way to the mutex but through this question, whichever call it comes from.
class guarded_mutex {
public:
    /// Whether this is a forked child's copy.
    bool is_inherited() const noexcept { return generation_ != fork_generation(); }

    /// Locks the mutex; in a forked child the lock returned owns nothing.
    [[nodiscard]] std::unique_lock<std::mutex> lock() const
    {
        return is_inherited() ? std::unique_lock(mutex_, std::defer_lock)
                              : std::unique_lock(mutex_);
    }

    /// Locks the mutex; refuses in a forked child.
    [[nodiscard]] std::unique_lock<std::mutex> lock_own(const char* what) const
    {
        require_own(what);
        return std::unique_lock(mutex_);
    }

    void require_own(const char* what) const
    {
        if (is_inherited()) {
            throw executor_shut_down(std::string("cofutures: this ") + what +
                                     " belongs to the process that forked this one");
        }
    }

private:
    const std::uint32_t generation_ = fork_generation();
    mutable std::mutex mutex_;
};

} // namespace cofutures::detail
