// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// Many tasks while something kills and stops random workers, or they end themselves.
/// COFUTURES_SOAK_TASKS sets how many tasks.

#include <cofutures/process_pool_executor.hpp>

#include "shared_gates.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <mutex>
#include <random>
#include <stop_token>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

namespace cf = cofutures;
using namespace std::chrono_literals;
using cf::test::shared;

namespace {

constexpr std::size_t workers = 4;

std::size_t task_count()
{
    const char* const wanted = std::getenv("COFUTURES_SOAK_TASKS");
    return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 100'000;
}

/// Some tasks take long enough for a signal to hit them.
std::uint64_t scramble(std::size_t number)
{
    std::uint64_t value = number;
    for (int i = number % 8 == 0 ? 20'000 : 1'000; i != 0; --i) {
        value = value * 6364136223846793005ULL + 1442695040888963407ULL;
    }
    return value;
}

std::uint64_t work(std::size_t number)
{
    shared->runs[number].fetch_add(1);
    return scramble(number);
}

std::size_t entries_of(const char* directory)
{
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory)) {
        ++count;
    }
    return count;
}

/// Sends a signal to a random worker every few milliseconds until it is told to stop.
void torment(std::stop_token token, cf::process_pool_executor& pool, std::atomic<int>& signals)
{
    std::mt19937 random(4711);
    std::mutex mutex;
    std::condition_variable_any pause;
    pid_t stopped = 0;
    while (!token.stop_requested()) {
        {
            std::unique_lock lock(mutex);
            pause.wait_for(lock, token, 3ms, [] { return false; });
        }
        if (stopped != 0) {
            ::kill(stopped, SIGCONT);
            stopped = 0;
        }
        const auto alive = pool.stats().per_worker;
        if (alive.empty()) {
            continue;
        }
        const pid_t victim = alive[random() % alive.size()].pid;
        constexpr int choice[] = {SIGKILL, SIGSEGV, SIGSTOP};
        const int signal = choice[random() % 3];
        if (::kill(victim, signal) == 0) {
            ++signals;
            stopped = signal == SIGSTOP ? victim : 0;
        }
    }
    if (stopped != 0) {
        ::kill(stopped, SIGCONT);
    }
}

/// Occupies all workers at once: workers killed at the very end are being replaced just now.
void expect_full_size(cf::process_pool_executor& pool)
{
    const int all_there = cf::test::new_gate();
    cf::test::counter(all_there) = 0;
    const auto wait_for_all = [](int gate) {
        if (cf::test::counter(gate).fetch_add(1) + 1 == static_cast<int>(workers)) {
            cf::test::open_gate(gate);
        }
        cf::test::pass_gate(gate);
    };
    std::vector<cf::future<void>> occupied;
    for (std::size_t i = 0; i != workers; ++i) {
        occupied.push_back(pool.submit(wait_for_all, all_there));
    }
    for (const auto& each : occupied) {
        EXPECT_NO_THROW(each.result(50s));
    }
    EXPECT_EQ(pool.stats().workers, workers);
}

} // namespace

TEST(ProcessSoak, EveryFutureIsResolvedRightWhileWorkersDie)
{
    const std::size_t tasks = task_count();
    const std::size_t shared_names = entries_of("/dev/shm");
    const std::size_t descriptors = entries_of("/proc/self/fd");
    std::size_t crashed = 0;
    std::size_t right = 0;
    std::size_t wrong = 0;
    std::size_t ran_twice = 0;
    std::atomic<int> signals{0};
    {
        cf::process_pool_executor pool({.max_workers = workers, .max_restarts = 1'000'000'000});
        std::jthread killer([&](std::stop_token token) { torment(token, pool, signals); });
        for (std::size_t left = tasks; left != 0;) {
            const std::size_t count = std::min(left, shared->runs.size());
            left -= count;
            std::fill(shared->runs.begin(), shared->runs.end(), 0);
            std::vector<cf::future<std::uint64_t>> futures;
            futures.reserve(count);
            for (std::size_t i = 0; i != count; ++i) {
                futures.push_back(pool.submit(work, i));
            }
            for (std::size_t i = 0; i != count; ++i) {
                try {
                    (futures[i].result(50s) == scramble(i) ? right : wrong) += 1;
                } catch (const cf::worker_crashed& e) {
                    ++crashed;
                    EXPECT_TRUE(e.signal() == SIGKILL || e.signal() == SIGSEGV) << e.what();
                }
                // A worker killed between taking a task and beginning it leaves no trace in `runs`.
                ran_twice += shared->runs[i] > 1 ? 1U : 0U;
            }
        }
        killer.request_stop();
        killer.join();
        EXPECT_TRUE(pool.wait_idle(20s));
        expect_full_size(pool);
        EXPECT_LE(crashed, pool.stats().restarts);
    }
    EXPECT_EQ(wrong, 0U);
    EXPECT_EQ(right + crashed, tasks);
    EXPECT_EQ(ran_twice, 0U);
    EXPECT_GT(signals, 0);
    EXPECT_EQ(entries_of("/dev/shm"), shared_names);
    EXPECT_EQ(entries_of("/proc/self/fd"), descriptors);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
    std::printf("%zu tasks, %d signals, %zu crashed\n", tasks, signals.load(), crashed);
}

TEST(ProcessSoak, ExactlyTheTasksThatEndTheirWorkerFail)
{
    const auto tasks = static_cast<std::size_t>(cf::test::repetitions(100'000, 100'000));
    std::fill(shared->runs.begin(), shared->runs.end(), 0);
    const std::size_t descriptors = entries_of("/proc/self/fd");
    {
        cf::process_pool_executor pool(
            {.max_workers = workers, .max_restarts = 1'000'000, .capture_stderr = false});
        const auto some_die = [](std::size_t number) {
            shared->runs[number].fetch_add(1);
            if (number % 100 == 42) {
                switch (number / 100 % 4) {
                case 0:
                    std::abort();
                case 1:
                    std::raise(SIGSEGV);
                    break;
                case 2:
                    ::_exit(7);
                default:
                    ::kill(::getpid(), SIGKILL);
                }
            }
            return number;
        };
        std::vector<cf::future<std::size_t>> futures;
        futures.reserve(tasks);
        for (std::size_t i = 0; i != tasks; ++i) {
            futures.push_back(pool.submit(some_die, i));
        }
        for (std::size_t i = 0; i != tasks; ++i) {
            SCOPED_TRACE(i);
            try {
                EXPECT_EQ(futures[i].result(50s), i);
                EXPECT_NE(i % 100, 42U);
            } catch (const cf::worker_crashed& e) {
                EXPECT_EQ(i % 100, 42U);
                constexpr int signal_of[] = {SIGABRT, SIGSEGV, 0, SIGKILL};
                EXPECT_EQ(e.signal(), signal_of[i / 100 % 4]);
                EXPECT_EQ(e.exit_status(), i / 100 % 4 == 2 ? 7 : 0);
            }
            EXPECT_EQ(shared->runs[i], 1);
        }
        EXPECT_TRUE(pool.wait_idle(20s));
        expect_full_size(pool);
        EXPECT_EQ(pool.stats().restarts, (tasks + 57) / 100);
    }
    EXPECT_EQ(entries_of("/proc/self/fd"), descriptors);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1); // no zombie
}
