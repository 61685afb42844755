// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "whole_programs.hpp"

#include <cofutures/process_pool_executor.hpp>

#include "shared_gates.hpp"

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <initializer_list>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cofutures::test {

namespace {

using namespace std::chrono_literals;

constexpr auto watchdog = 20s;

int make_text(int length)
{
    return static_cast<int>(std::string(static_cast<std::size_t>(length), 'x').size());
}

/// Pools without a fork server that was made in time: the first one warns.
int fork_with_threads()
{
    const busy_threads threads(8);
    for (int round = 0; round != 3; ++round) {
        process_pool_executor pool(2);
        std::printf("%d\n", pool.submit(make_text, 1000 + round).result(watchdog));
    }
    return 0;
}

std::atomic<int> signals{0}; // counted by a handler, in any thread

/// Is told to end, with its whole process group, while workers are busy, and ends in good order.
int be_signalled(std::initializer_list<int> numbers)
{
    for (const int number : numbers) {
        std::signal(number, [](int) { signals.fetch_add(1); });
    }
    process_pool_executor pool(2);
    const int started = 0;
    const int finish = 1;
    const auto running = pool.submit(
        [](int begun, int end) {
            open_gate(begun);
            pass_gate(end);
            return 6;
        },
        started,
        finish);
    const auto queued = pool.submit(make_text, 7);
    pass_gate(started);

    for (const int number : numbers) {
        ::kill(0, number); // as the terminal and the shell do: everybody in the group
    }
    for (const auto& worker : pool.stats().per_worker) {
        ::kill(worker.pid, SIGINT);
    }
    open_gate(finish);

    std::printf("%d %d\n", running.result(watchdog), queued.result(watchdog));
    pool.submit([] { ::_exit(1); }).exception(watchdog);
    std::printf("%d\n",
                pool.submit(make_text, 8).result(watchdog)); // workers can still be replaced
    pool.shutdown();
    std::printf(
        "%d signals, %d restarts\n", signals.load(), static_cast<int>(pool.stats().restarts));
    return 0;
}

/// A daemon: no standard descriptors. Workers print, which must not reach a socket of anybody.
int do_without_standard_descriptors()
{
    const auto open = [] {
        std::fputs("some text of a task\n", stdout);
        std::fflush(stdout);
        struct stat facts {};
        return ::fstat(STDOUT_FILENO, &facts) == 0 && S_ISCHR(facts.st_mode);
    };
    process_pool_executor pool({.max_workers = 2, .capture_stderr = false});
    for (int round = 0; round != 20; ++round) {
        if (!pool.submit(open).result(watchdog)) {
            return 1;
        }
    }
    return 42;
}

/// What a program finds that was started by another one while that has pools.
int list_descriptors()
{
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        std::puts(std::filesystem::read_symlink(entry.path(), gone).c_str());
    }
    return 0;
}

} // namespace

void log_line(std::string line)
{
    static auto* const last = new std::string;
    const std::lock_guard lock(logger_mutex());
    last->swap(line);
}

busy_threads::busy_threads(int count)
{
    for (int i = 0; i != count; ++i) {
        threads_.emplace_back([this] {
            while (!over_) {
                log_line(std::string(1000, 'x'));
            }
        });
    }
}

busy_threads::~busy_threads()
{
    over_ = true;
    for (auto& thread : threads_) {
        thread.join();
    }
}

int run_program_without_init(const std::string& argument)
{
    if (argument == "--fork-with-threads") {
        return fork_with_threads();
    }
    if (argument == "--list-descriptors") {
        return list_descriptors();
    }
    if (argument == "--without-standard-descriptors") {
        for (const int fd : {0, 1, 2}) {
            ::close(fd);
        }
    }
    if (argument.starts_with("--be-")) {
        ::setpgid(0, 0); // a group of its own, with its fork server
    }
    return -1;
}

int run_program_with_init(const std::string& argument)
{
    if (argument == "--be-interrupted") {
        return be_signalled({SIGINT});
    }
    if (argument == "--be-terminated") {
        return be_signalled({SIGTERM, SIGHUP, SIGQUIT});
    }
    if (argument == "--without-standard-descriptors") {
        return do_without_standard_descriptors();
    }
    return -1;
}

} // namespace cofutures::test
