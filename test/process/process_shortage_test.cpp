// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// Moments in which the program or the fork server has no free descriptor, or a worker no thread.

#include <cofutures/process_pool_executor.hpp>

#include "process/start_retries.hpp"
#include "shared_gates.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <set>
#include <stop_token>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace cf = cofutures;
using namespace std::chrono_literals;
using cf::detail::start_retries;
using cf::test::counter;
using cf::test::new_gate;
using cf::test::open_gate;
using cf::test::pass_gate;

namespace {

constexpr auto watchdog = 20s;

int echo(int x)
{
    return x;
}

int crash()
{
    std::abort();
}

/// The processes of all workers: each runs a task that waits until all of them run one.
std::set<pid_t> all_workers(cf::process_pool_executor& pool, int count)
{
    const int all_there = new_gate();
    counter(all_there) = 0;
    const auto wait_for_all = [](int gate, int expected) {
        if (++counter(gate) == expected) {
            open_gate(gate);
        }
        pass_gate(gate);
        return ::getpid();
    };
    std::vector<cf::future<pid_t>> occupied;
    for (int i = 0; i != count; ++i) {
        occupied.push_back(pool.submit(wait_for_all, all_there, count));
    }
    std::set<pid_t> workers;
    for (const auto& each : occupied) {
        workers.insert(each.result(watchdog));
    }
    return workers;
}

std::size_t common(const std::set<pid_t>& some, const std::set<pid_t>& others)
{
    std::size_t count = 0;
    for (const pid_t each : some) {
        count += others.count(each);
    }
    return count;
}

#if !defined(__SANITIZE_ADDRESS__) // whose check of vtables needs descriptors of its own

/// While it lives, this process can open nothing.
class no_free_descriptors {
public:
    no_free_descriptors()
    {
        ::getrlimit(RLIMIT_NOFILE, &former_);
        const rlimit few{200, former_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &few);
        for (int fd = 0; (fd = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)) >= 0;) {
            taken_.push_back(fd);
        }
    }
    no_free_descriptors(const no_free_descriptors&) = delete;
    no_free_descriptors& operator=(const no_free_descriptors&) = delete;
    ~no_free_descriptors()
    {
        for (const int fd : taken_) {
            ::close(fd);
        }
        ::setrlimit(RLIMIT_NOFILE, &former_);
    }

private:
    rlimit former_{};
    std::vector<int> taken_;
};

#endif

} // namespace

TEST(ProcessStartRetries, WaitLongerEachTimeAndForgetAfterASuccess)
{
    constexpr start_retries::clock::time_point start{1h};
    start_retries retries(10s);

    retries.failed(start, true);
    EXPECT_EQ(retries.next(), start + 10ms);
    retries.failed(start + 10ms, true);
    EXPECT_EQ(retries.next(), start + 30ms);
    for (int i = 0; i != 20; ++i) {
        retries.failed(start + 1min, true);
    }
    EXPECT_EQ(retries.next(), start + 1min + 1s);
    retries.succeeded();
    retries.failed(start + 2min, true);
    EXPECT_EQ(retries.next(), start + 2min + 10ms);
}

TEST(ProcessStartRetries, AreHopelessOnceNoWorkerWasLeftForTooLong)
{
    constexpr start_retries::clock::time_point start{1h};
    start_retries retries(10s);

    retries.failed(start, true);
    EXPECT_FALSE(retries.is_hopeless(start + 24h)) << "the others go on";
    retries.failed(start + 1min, false);
    EXPECT_FALSE(retries.is_hopeless(start + 1min + 9s));
    retries.failed(start + 1min + 9s, false);
    EXPECT_TRUE(retries.is_hopeless(start + 1min + 10s));
    retries.succeeded();
    EXPECT_FALSE(retries.is_hopeless(start + 1min + 10s));

    start_retries patient(start_retries::clock::duration::max());
    patient.failed(start, false);
    EXPECT_FALSE(patient.is_hopeless(start + std::chrono::years(100)));
}

#if !defined(__SANITIZE_ADDRESS__)

TEST(ProcessShortage, OfDescriptorsCostsOnlyTheTaskThatCrashed)
{
    cf::process_pool_executor pool(4);
    const auto before = all_workers(pool, 4);
    {
        const no_free_descriptors none;

        EXPECT_THROW(pool.submit(crash).result(watchdog), cf::worker_crashed);
        for (int i = 0; i != 10; ++i) {
            EXPECT_EQ(pool.submit(echo, i).result(watchdog), i); // by those that are left
        }
    }
    EXPECT_EQ(common(all_workers(pool, 4), before), 3U);
    EXPECT_EQ(pool.stats().restarts, 1U);
}

TEST(ProcessShortage, OfDescriptorsWhenTheLastWorkerDiesIsWaitedFor)
{
    cf::process_pool_executor pool(
        {.max_workers = 1, .restart_period = std::chrono::nanoseconds::max()});
    cf::future<int> next;
    {
        const no_free_descriptors none;
        EXPECT_THROW(pool.submit(crash).result(watchdog), cf::worker_crashed);
        next = pool.submit(echo, 3);
    }
    EXPECT_EQ(next.result(watchdog), 3);
}

TEST(ProcessShortage, BreaksThePoolOnceNoWorkerIsLeftAndNoneCanBeStarted)
{
    cf::process_pool_executor pool({.max_workers = 1, .restart_period = 50ms});
    ASSERT_EQ(pool.submit(echo, 1).result(watchdog), 1);
    const no_free_descriptors none;

    EXPECT_THROW(pool.submit(crash).result(watchdog), cf::worker_crashed);
    try {
        pool.submit(echo, 1).result(watchdog);
        ADD_FAILURE() << "nothing was thrown";
    } catch (const cf::broken_process_pool& e) {
        try {
            std::rethrow_if_nested(e);
            ADD_FAILURE() << "no cause";
        } catch (const std::system_error& cause) {
            EXPECT_EQ(cause.code(), std::errc::too_many_files_open);
        }
    }
}

TEST(ProcessShortage, OfDescriptorsSendsLargeArgumentsThroughTheSocket)
{
    cf::process_pool_executor pool(1);
    ASSERT_EQ(pool.submit(echo, 1).result(watchdog), 1);
    const auto sum = [](const std::string& text) {
        std::size_t result = 0;
        for (const char each : text) {
            result += static_cast<unsigned char>(each);
        }
        return result;
    };
    std::string text(5'000'000, '\0');
    for (std::size_t i = 0; i != text.size(); ++i) {
        text[i] = static_cast<char>(i * 7 / 3);
    }
    const std::size_t expected = sum(text);
    const no_free_descriptors none;

    EXPECT_EQ(pool.submit(sum, text).result(watchdog), expected);
    EXPECT_EQ(pool.submit(sum, text).result(watchdog), expected);
}

TEST(ProcessShortage, OfDescriptorsForALargeResultCostsThatResultOnly)
{
    cf::process_pool_executor pool(1);
    const auto large = [](char fill) { return std::string(1'000'000, fill); };
    const pid_t worker = pool.submit(&::getpid).result(watchdog);
    {
        const no_free_descriptors none;
        for (int i = 0; i != 3; ++i) {
            try {
                pool.submit(large, 'x').result(watchdog);
                ADD_FAILURE() << "nothing was thrown";
            } catch (const std::system_error& e) {
                EXPECT_EQ(e.code(), std::errc::too_many_files_open);
            }
        }
        EXPECT_EQ(pool.submit(echo, 2).result(watchdog), 2);
    }
    EXPECT_EQ(pool.submit(large, 'y').result(watchdog), std::string(1'000'000, 'y'));
    EXPECT_EQ(pool.submit(large, 'z').result(watchdog), std::string(1'000'000, 'z'));
    EXPECT_EQ(pool.submit(&::getpid).result(watchdog), worker);
    EXPECT_EQ(pool.stats().restarts, 0U);
}

#endif

TEST(ProcessShortage, OfTheForkServerKillsNoHealthyWorker)
{
    cf::process_pool_executor pool(
        {.max_workers = 3, .start_method = cf::process::start_method::fork});
    const pid_t server = pool.submit(&::getppid).result(watchdog);
    const auto before = all_workers(pool, 3);
    rlimit former{};
    ASSERT_EQ(::prlimit(server, RLIMIT_NOFILE, nullptr, &former), 0);
    const rlimit none_left{5, former.rlim_max};
    ASSERT_EQ(::prlimit(server, RLIMIT_NOFILE, &none_left, nullptr), 0);

    EXPECT_THROW(pool.submit(crash).result(watchdog), cf::worker_crashed);
    EXPECT_THROW(pool.submit(crash).result(watchdog), cf::worker_crashed);
    for (int i = 0; i != 10; ++i) {
        EXPECT_EQ(pool.submit(echo, i).result(watchdog), i);
    }
    ASSERT_EQ(::prlimit(server, RLIMIT_NOFILE, &former, nullptr), 0);

    EXPECT_EQ(common(all_workers(pool, 3), before), 1U);
    EXPECT_EQ(pool.stats().restarts, 2U);
}

TEST(ProcessShortage, OfTheForkServerBreaksThePoolOnceAllWorkersAreGone)
{
    cf::process_pool_executor pool({.max_workers = 2,
                                    .start_method = cf::process::start_method::fork,
                                    .restart_period = 50ms});
    const pid_t server = pool.submit(&::getppid).result(watchdog);
    ASSERT_EQ(all_workers(pool, 2).size(), 2U);
    const rlimit none_left{5, 5};
    ASSERT_EQ(::prlimit(server, RLIMIT_NOFILE, &none_left, nullptr), 0);

    EXPECT_THROW(pool.submit(crash).result(watchdog), cf::worker_crashed);
    EXPECT_THROW(pool.submit(crash).result(watchdog), cf::worker_crashed);
    EXPECT_TRUE(pool.wait_idle(watchdog));
    EXPECT_THROW(pool.submit(echo, 1).result(watchdog), cf::broken_process_pool);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(ProcessShortage, OfThreadsFailsTheTaskThatNeedsOneAndLeavesSignalsAlone)
{
    // Spawned: a copy of this program could use the stacks of threads that it had.
    cf::process_pool_executor pool(
        {.max_workers = 1, .start_method = cf::process::start_method::spawn});
    const auto limit_memory = [](bool limited) {
        // Less than the stack of a thread.
        std::size_t pages = 0;
        std::ifstream("/proc/self/statm") >> pages;
        rlimit limit{};
        ::getrlimit(RLIMIT_AS, &limit);
        limit.rlim_cur = limited ? pages * 4096 + (std::size_t{1} << 20) : limit.rlim_max;
        return ::setrlimit(RLIMIT_AS, &limit);
    };
    const auto whether_stopped = [](std::stop_token token) { return token.stop_requested(); };
    const auto blocked = [] {
        sigset_t mask;
        ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        return ::sigismember(&mask, SIGTERM);
    };

    ASSERT_EQ(pool.submit(limit_memory, true).result(watchdog), 0);
    EXPECT_THROW(pool.submit(whether_stopped).result(watchdog), std::system_error);
    EXPECT_EQ(pool.submit(blocked).result(watchdog), 0);
    ASSERT_EQ(pool.submit(limit_memory, false).result(watchdog), 0);
    EXPECT_FALSE(pool.submit(whether_stopped).result(watchdog));
    EXPECT_EQ(pool.stats().restarts, 0U);
}
#endif
