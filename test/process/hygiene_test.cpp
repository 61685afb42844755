// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// What worker processes own, ignore and leave behind.

#include <cofutures/process_pool_executor.hpp>

#include "host_program.hpp"
#include "shared_gates.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace cf = cofutures;
using namespace std::chrono_literals;

namespace {

constexpr auto watchdog = 20s;

std::vector<std::string> open_descriptors()
{
    std::vector<std::string> open;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        const auto target = std::filesystem::read_symlink(entry.path(), gone);
        const std::string name = target.filename();
        if (!gone && target.string().find("/proc/") != 0 &&
            target.string().find("/fd") == std::string::npos) {
            open.push_back(entry.path().filename().string() + " " + target.string());
        }
    }
    std::sort(open.begin(), open.end());
    return open;
}

int echo(int x)
{
    return x;
}

/// Waits for the end of a process that is no child of ours; false after the watchdog's time.
bool ends(pid_t pid)
{
    const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (fd < 0) {
        return errno == ESRCH;
    }
    pollfd polled{fd, POLLIN, 0};
    const int result = ::poll(&polled, 1, 20'000);
    ::close(fd);
    return result == 1;
}

} // namespace

namespace cofutures::test {

int run_host()
{
    process_pool_executor pool(3);
    const int hangs = 0;
    const int go_on = 1;
    const auto busy = [](int started) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::pause();
        }
        std::printf("%d\n%d\n", int(child), int(::getpid()));
        std::fflush(stdout);
        open_gate(started);
        for (volatile bool forever = true; forever;) {
        }
    };
    const auto tell_pid = [](int started, int finish) {
        open_gate(started);
        pass_gate(finish);
        return ::getpid();
    };
    const auto task = pool.submit(busy, hangs);
    const auto idle = pool.submit(tell_pid, 2, go_on);
    const auto stopped = pool.submit(tell_pid, 3, go_on);
    for (const int started : {hangs, 2, 3}) {
        pass_gate(started); // each has a worker of its own
    }
    open_gate(go_on);
    std::printf("%d\n%d\n", int(idle.result()), int(stopped.result()));
    ::kill(stopped.result(), SIGSTOP);
    std::printf("end\n");
    std::fflush(stdout);
    for (;;) {
        ::pause();
    }
}

} // namespace cofutures::test

TEST(ProcessHygiene, AWorkerOwnsOnlyItsOwnDescriptors)
{
    const int leak = ::open("/dev/zero", O_RDONLY); // without close-on-exec, as careless code does
    cf::process_pool_executor first(1);
    cf::process_pool_executor pool(1);

    const auto open = pool.submit(&open_descriptors).result(watchdog);

    // Standard input, output and error, the socket and the status page.
    EXPECT_EQ(open.size(), 5U) << testing::PrintToString(open);
    EXPECT_EQ(open.at(0), "0 /dev/null");
    ::close(leak);
}

TEST(ProcessHygiene, APoolLeavesNothingBehind)
{
    cf::process_pool_executor(1).submit(echo, 1).result(watchdog); // opens what stays open for good
    const auto before = open_descriptors();
    for (int round = 0; round != 5; ++round) {
        cf::process_pool_executor pool({.max_workers = 2, .max_tasks_per_child = 2});
        std::vector<cf::future<std::string>> futures;
        for (int i = 0; i != 10; ++i) {
            futures.push_back(
                pool.submit([](std::string s) { return s; }, std::string(300'000, 'x')));
        }
        for (const auto& future : futures) {
            EXPECT_EQ(future.result(watchdog).size(), 300'000U);
        }
    }

    EXPECT_EQ(open_descriptors().size(), before.size())
        << testing::PrintToString(open_descriptors());
    // The program has no children at all, so its own waiting for any child is not disturbed.
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
}

TEST(ProcessHygiene, WorkersIgnoreCtrlCAndHaveOtherSignalsAtTheirDefaults)
{
    std::signal(SIGUSR1, [](int) {});
    cf::process_pool_executor pool(
        {.max_workers = 1, .start_method = cf::process::start_method::fork});
    const auto dispositions = [] {
        struct sigaction interrupt {};
        struct sigaction user {};
        ::sigaction(SIGINT, nullptr, &interrupt);
        ::sigaction(SIGUSR1, nullptr, &user);
        sigset_t blocked;
        ::sigprocmask(SIG_SETMASK, nullptr, &blocked);
        return interrupt.sa_handler == SIG_IGN && user.sa_handler == SIG_DFL &&
               !sigismember(&blocked, SIGCHLD);
    };

    EXPECT_TRUE(pool.submit(dispositions).result(watchdog));
    EXPECT_EQ(pool.submit([] { return ::getpgrp() == ::getpid(); }).result(watchdog), true);
    std::signal(SIGUSR1, SIG_DFL);
}

TEST(ProcessHygiene, NobodySurvivesTheProgram)
{
    int pipe_fds[2];
    ASSERT_EQ(::pipe2(pipe_fds, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDOUT_FILENO);
    std::string name = "host";
    std::string argument = cf::test::host_argument;
    char* arguments[] = {name.data(), argument.data(), nullptr};
    pid_t host = 0;
    ASSERT_EQ(::posix_spawn(&host, "/proc/self/exe", &actions, nullptr, arguments, environ), 0);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(pipe_fds[1]);
    std::vector<pid_t> pids;
    FILE* const lines = ::fdopen(pipe_fds[0], "r");
    char line[64];
    while (std::fgets(line, sizeof line, lines) != nullptr && line[0] != 'e') {
        pids.push_back(std::atoi(line));
    }
    ASSERT_EQ(pids.size(), 4U); // a grandchild and three workers

    ::kill(host, SIGKILL);

    for (const pid_t pid : pids) {
        EXPECT_TRUE(ends(pid)) << pid;
    }
    ::waitpid(host, nullptr, 0);
    std::fclose(lines);
}

TEST(ProcessHygiene, StatsNameOnlyWorkersThatMayBeSignalled)
{
    for (int round = 0; round != 50; ++round) {
        cf::process_pool_executor pool(2);
        for (const auto& worker : pool.stats().per_worker) { // some are just being started
            EXPECT_GT(worker.pid, 0);
        }
    }
}
