// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// This test program as other programs, which process_program_test.cpp starts and looks at.

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace cofutures::test {

/// Runs the program that `argument` names before process::init was called, or after it. Returns its exit
/// status, or -1 if there is no such program.
int run_program_without_init(const std::string& argument);
int run_program_with_init(const std::string& argument);

inline std::mutex& logger_mutex()
{
    static std::mutex mutex;
    return mutex;
}

/// Writes a line under the lock that every user of this logger takes.
void log_line(std::string line);

/// Threads that hold the allocator's and the logger's locks most of the time.
class busy_threads {
public:
    explicit busy_threads(int count);
    ~busy_threads();
    busy_threads(const busy_threads&) = delete;
    busy_threads& operator=(const busy_threads&) = delete;

private:
    std::atomic<bool> over_{false}; // publishes nothing but itself
    std::vector<std::thread> threads_;
};

} // namespace cofutures::test
