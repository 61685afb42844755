// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Events and counters that a test shares with worker processes. Mapped before the fork server starts.

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <new>

#include <semaphore.h>
#include <sys/mman.h>
#include <unistd.h>

namespace cofutures::test {

inline constexpr int watchdog_seconds = 20;

struct shared_area {
    std::array<sem_t, 64> gates;
    std::array<std::atomic<int>, 64> counters;
    std::array<std::atomic<unsigned char>, 200000> runs; // how often each task of a soak began
};

inline shared_area* shared = nullptr;

inline void map_shared_area()
{
    void* const place = ::mmap(
        nullptr, sizeof(shared_area), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    shared = ::new (place) shared_area;
    for (sem_t& gate : shared->gates) {
        ::sem_init(&gate, 1, 0);
    }
}

/// Lets everybody through who waits at the gate, now or later.
inline void open_gate(int number)
{
    ::sem_post(&shared->gates[static_cast<std::size_t>(number)]);
}

/// Ends the process after the watchdog's time: a hang is a failure in whichever process it happens.
inline void pass_gate(int number)
{
    sem_t& gate = shared->gates[static_cast<std::size_t>(number)];
    timespec until{};
    ::clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += watchdog_seconds;
    while (::sem_timedwait(&gate, &until) != 0) {
        if (errno != EINTR) {
            static_cast<void>(!::write(STDERR_FILENO, "a shared gate stayed closed\n", 28));
            std::abort();
        }
    }
    ::sem_post(&gate);
}

/// A gate that no other test of this program has used.
inline int new_gate()
{
    static std::size_t last = 0;
    last = (last + 1) % shared->gates.size();
    while (::sem_trywait(&shared->gates[last]) == 0) {
    }
    return static_cast<int>(last);
}

/// How many repetitions of a long test to run: `full` with COFUTURES_SOAK=full, otherwise what takes a
/// second or two, also where sanitizers slow everything down.
inline int repetitions(int usual, int full)
{
    const char* const wanted = std::getenv("COFUTURES_SOAK");
    if (wanted != nullptr && std::strcmp(wanted, "full") == 0) {
        return full;
    }
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return usual / 10;
#else
    return usual;
#endif
}

inline std::atomic<int>& counter(int number)
{
    return shared->counters[static_cast<std::size_t>(number)];
}

} // namespace cofutures::test
