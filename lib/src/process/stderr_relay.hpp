// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Passes on what workers write to standard error, and never holds up the pool for it. Internal.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace cofutures::detail {

/// Cuts the text of one worker where lines end, so that those of several workers are not torn.
class line_splitter {
public:
    /// A line that is longer is passed on in pieces.
    static constexpr std::size_t longest_line = 4096;

    /// Adds text and returns what may be passed on now.
    std::string add(std::string_view text);

    /// The beginning of a line whose end has not come.
    std::string take_rest() { return std::exchange(rest_, {}); }
    bool has_rest() const noexcept { return !rest_.empty(); }

private:
    std::string rest_;
};

/// Writes text to a descriptor on a thread of its own.
///
/// Standard error may be shared with other processes, so it cannot be made non-blocking: a write may
/// wait for as long as nobody reads. Only the relay's thread does, which starts with the first text.
///
/// **Thread safety** `put`, `is_idle`, `close` and the destructor: one thread at a time.
class stderr_relay {
public:
    /// With so much waiting, no more should be put: the writers' pipes are left unread then, and they wait.
    static constexpr std::size_t enough = 64 * 1024;

    /// What dead workers have left cannot wait in their pipes. Beyond this it is dropped, and the relay
    /// says how much.
    static constexpr std::size_t too_much = 1024 * 1024;

    /// `on_change` is called, in the relay's thread and under its lock, when there is room after
    /// `has_room()` was false, and when all is written after `is_idle()` was false.
    stderr_relay(int fd, std::function<void()> on_change);
    stderr_relay(const stderr_relay&) = delete;
    stderr_relay& operator=(const stderr_relay&) = delete;
    ~stderr_relay() { close(); }

    void put(std::string_view text);
    bool has_room();

    /// Whether everything is written.
    bool is_idle();

    /// How many bytes have been written, or could not be because writing failed.
    std::uint64_t written() const;

    /// Ends the thread. What is not written then is dropped; a thread that waits in a write is left alone.
    void close() noexcept;

private:
    struct state;

    static void run(const std::shared_ptr<state>& shared) noexcept;
    void start_thread() noexcept;

    std::shared_ptr<state> state_; // the thread's as well, which may outlive the relay
    std::thread thread_;
};

} // namespace cofutures::detail
