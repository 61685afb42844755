// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A four-byte lock, so that a future needs no mutex of its own. Floor 0, internal.

#include <cofutures/detail/fork_count.hpp>

#include <atomic>
#include <cstdint>

namespace cofutures::detail {

/// A mutual-exclusion lock for critical sections of a few instructions that run no user code.
///
/// Meets *BasicLockable*. Not recursive. Sleeps in the kernel when contended; never spins. A lock that a
/// thread held while another one forked is free in the child, where the holder does not exist.
///
/// **See** U. Drepper, "Futexes Are Tricky", 2011, mutex 2.
class tiny_lock {
public:
    /// False if the lock was taken from a thread that does not exist in this forked child: what it guards
    /// may be half changed.
    bool lock() noexcept
    {
        const std::uint32_t process = fork_generation() << 2;
        std::uint32_t word = free;
        if (word_.compare_exchange_strong(
                word, process | held, std::memory_order_acquire, std::memory_order_relaxed)) {
            return true;
        }
        // From here on the word says "contended", so that whoever unlocks wakes one sleeper.
        for (;;) {
            if (word == (process | contended)) {
                word_.wait(word, std::memory_order_relaxed);
                word = word_.load(std::memory_order_relaxed);
                continue;
            }
            const bool is_ours = word == free || word == (process | held);
            if (word_.compare_exchange_strong(word,
                                              process | contended,
                                              std::memory_order_acquire,
                                              std::memory_order_relaxed)) {
                if (word == free || !is_ours) {
                    return is_ours;
                }
                word = process | contended;
            }
        }
    }

    void unlock() noexcept
    {
        if ((word_.exchange(free, std::memory_order_release) & 3) == contended) {
            word_.notify_one();
        }
    }

private:
    static constexpr std::uint32_t free = 0;
    static constexpr std::uint32_t held = 1;
    static constexpr std::uint32_t contended = 2;

    // One of these, with the holder's fork generation above it. The exchange in unlock() publishes the
    // critical section to the next successful lock().
    std::atomic<std::uint32_t> word_{free};
};

} // namespace cofutures::detail
