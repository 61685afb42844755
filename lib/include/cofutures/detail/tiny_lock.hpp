// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A four-byte lock, so that a future needs no mutex of its own. Floor 0, internal.

#include <cofutures/detail/cplusplus.hpp>

#include <atomic>
#include <cstdint>

namespace cofutures::detail {

/// A mutual-exclusion lock for critical sections of a few instructions that run no user code.
///
/// Meets *BasicLockable*. Not recursive. Sleeps in the kernel when contended; never spins.
///
/// **See** U. Drepper, "Futexes Are Tricky", 2011, mutex 2.
class tiny_lock {
public:
    void lock() noexcept
    {
        std::uint32_t expected = free;
        if (word_.compare_exchange_strong(
                expected, held, std::memory_order_acquire, std::memory_order_relaxed)) {
            return;
        }
        // From here on the word says "contended", so that whoever unlocks wakes one sleeper.
        while (word_.exchange(contended, std::memory_order_acquire) != free) {
            word_.wait(contended, std::memory_order_relaxed);
        }
    }

    void unlock() noexcept
    {
        if (word_.exchange(free, std::memory_order_release) == contended) {
            word_.notify_one();
        }
    }

private:
    static constexpr std::uint32_t free = 0;
    static constexpr std::uint32_t held = 1;
    static constexpr std::uint32_t contended = 2;

    // The exchange in unlock() publishes the critical section to the next successful lock().
    std::atomic<std::uint32_t> word_{free};
};

} // namespace cofutures::detail
