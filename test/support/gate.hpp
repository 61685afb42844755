// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// An event that a test waits for instead of sleeping.

#include <cofutures/detail/source_location.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

namespace cofutures::test {

/// How long anything in a test may take before the test fails.
inline constexpr std::chrono::seconds watchdog{10};

/// A door that is opened once and stays open.
///
/// Declare it before the executor whose tasks use it, so that it outlives them.
class gate {
public:
    void open()
    {
        const std::lock_guard lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }

    bool is_open() const
    {
        const std::lock_guard lock(mutex_);
        return open_;
    }

    /// Waits until the door is open. After the watchdog's time the test fails, at the caller's line, and
    /// an exception ends the caller: a hang never counts as success.
    void wait(detail::source_location caller = detail::source_location::current())
    {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, watchdog, [this] { return open_; })) {
            ADD_FAILURE_AT(caller.file_name(), static_cast<int>(caller.line()))
                << "the gate was still closed after " << watchdog.count() << " s";
            throw std::runtime_error("a gate stayed closed");
        }
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false; // guarded by mutex_
};

/// Opens a gate at the end of a scope, also when an assertion leaves it early: a pool's destructor
/// would otherwise wait for a task that waits for the gate.
class opens_at_exit {
public:
    explicit opens_at_exit(gate& door) noexcept : door_(door) {}
    opens_at_exit(const opens_at_exit&) = delete;
    opens_at_exit& operator=(const opens_at_exit&) = delete;
    ~opens_at_exit() { door_.open(); }

private:
    gate& door_;
};

} // namespace cofutures::test
