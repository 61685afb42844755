// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Memory shared by a pool and one worker: who may run which task, and results not yet sent. Internal.
///
/// Each task sent to a worker has a sequence number and a slot. The slot's word moves from queued either
/// to running, by the worker, or to revoked, by the pool; whoever is first has the task. After the
/// worker's death the slots tell which task it ran.

#include "unique_fd.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace cofutures::detail {

enum class slot_state : std::uint64_t { queued = 0, running = 1, revoked = 2, done = 3 };

inline constexpr std::size_t slot_count = 512;
inline constexpr std::size_t outbox_size = 512 * 1024;

/// The layout. Everything in it is written by the worker, except where noted; the pool believes nothing
/// but the slots, since a damaged worker may write anything.
struct shared_page {
    // The task that runs, plus one; 0 between tasks. Published by release after `started`.
    std::atomic<std::uint64_t> running{0};
    std::atomic<std::int64_t> started{0}; // steady clock, nanoseconds
    std::atomic<std::uint64_t> tasks_done{0};

    // A task that is to stop, plus one. Written by the pool; the worker's watcher waits for it (futex).
    std::atomic<std::uint32_t> stop{0};

    // Replies collect in the outbox. `outbox_base` counts all bytes ever sent before outbox[0];
    // `committed` (release) publishes the bytes before it to the pool's acquire.
    std::atomic<std::uint64_t> outbox_base{0};
    std::atomic<std::uint64_t> committed{0};

    // sequence << 2 | slot_state. The exchange in either process publishes nothing but itself.
    std::array<std::atomic<std::uint64_t>, slot_count> slots{};

    alignas(16) std::array<std::byte, outbox_size> outbox{};
};

class status_page {
public:
    /// Makes a page for a new worker.
    static std::shared_ptr<status_page> make();

    /// Maps the page that a worker was given.
    explicit status_page(unique_fd memory);
    status_page(const status_page&) = delete;
    status_page& operator=(const status_page&) = delete;
    ~status_page();

    int fd() const noexcept { return memory_.get(); }
    void close_fd() noexcept { memory_.reset(); } // the mapping stays
    shared_page* operator->() const noexcept { return page_; }
    shared_page& shared() const noexcept { return *page_; }

    void queue(std::uint64_t sequence) noexcept
    {
        slot(sequence).store(word(sequence, slot_state::queued));
    }
    bool move(std::uint64_t sequence, slot_state from, slot_state to) noexcept
    {
        std::uint64_t expected = word(sequence, from);
        return slot(sequence).compare_exchange_strong(expected, word(sequence, to));
    }
    bool is(std::uint64_t sequence, slot_state state) const noexcept
    {
        return slot(sequence).load() == word(sequence, state);
    }

    /// Asks the worker's running task to stop.
    void request_stop(std::uint64_t sequence) noexcept;

private:
    static std::uint64_t word(std::uint64_t sequence, slot_state state) noexcept
    {
        return sequence << 2 | static_cast<std::uint64_t>(state);
    }
    std::atomic<std::uint64_t>& slot(std::uint64_t sequence) const noexcept
    {
        return page_->slots[sequence % slot_count];
    }

    unique_fd memory_;
    shared_page* page_ = nullptr;
};

/// What `stop` holds for a task.
constexpr std::uint32_t stop_word(std::uint64_t sequence)
{
    return static_cast<std::uint32_t>(sequence + 1);
}

/// The kernel's wait on a word that two processes share.
void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected) noexcept;
void futex_wake(std::atomic<std::uint32_t>& word) noexcept;

/// Anonymous shared memory that cannot shrink under the feet of whoever maps it.
unique_fd make_shared_memory(std::size_t size);

} // namespace cofutures::detail
