// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// Process pools within programs that do other things as well: threads, signals, children of their own.

#include <cofutures/process_pool_executor.hpp>

#include "shared_gates.hpp"
#include "support/program.hpp"
#include "whole_programs.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cf = cofutures;
using namespace std::chrono_literals;
using cf::process::start_method;

namespace {

constexpr auto watchdog = 20s;

cf::test::program_result run_this_program(const std::string& argument)
{
    cf::test::program program(std::filesystem::read_symlink("/proc/self/exe"));
    return program.run({argument});
}

int echo(int x)
{
    return x;
}

int log_and_allocate(int length)
{
    cf::test::log_line(std::string(static_cast<std::size_t>(length), 'y'));
    return length;
}

std::size_t occurrences(const std::string& text, const std::string& part)
{
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++count;
    }
    return count;
}

/// The children that the program was told of, by its handler of SIGCHLD.
class children_told {
public:
    children_told()
    {
        last_ = 0;
        struct sigaction action {};
        action.sa_sigaction = [](int, siginfo_t* info, void*) {
            if (const std::size_t at = last_.fetch_add(1); at < pids_.size()) {
                pids_[at] = info->si_pid;
            }
        };
        action.sa_flags = SA_SIGINFO | SA_RESTART;
        ::sigaction(SIGCHLD, &action, &former_);
    }
    ~children_told() { ::sigaction(SIGCHLD, &former_, nullptr); }
    children_told(const children_told&) = delete;
    children_told& operator=(const children_told&) = delete;

    std::set<pid_t> pids() const
    {
        return {pids_.begin(), pids_.begin() + std::min(last_.load(), pids_.size())};
    }

private:
    struct sigaction former_ {};
    static inline std::atomic<std::size_t> last_{0}; // one test at a time
    static inline std::array<std::atomic<pid_t>, 1000> pids_{};
};

pid_t fork_and_exec(const char* script)
{
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::execl("/bin/sh", "sh", "-c", script, static_cast<char*>(nullptr));
        ::_exit(127);
    }
    return pid;
}

} // namespace

TEST(ProcessProgram, PoolsOfAProgramWithBusyThreadsWork)
{
    // The fork server was forked before these threads: no lock they hold is locked in a worker. Tasks
    // take the same locks.
    const cf::test::busy_threads threads(8);
    const int rounds = cf::test::repetitions(200, 1000);
    for (int round = 0; round != rounds; ++round) {
        cf::process_pool_executor pool(2);
        EXPECT_EQ(pool.submit(log_and_allocate, 1000).result(watchdog), 1000);
    }
}

TEST(ProcessProgram, SpawnedPoolsOfAProgramWithBusyThreadsWork)
{
    const cf::test::busy_threads threads(8);
    const int rounds = cf::test::repetitions(50, 1000);
    for (int round = 0; round != rounds; ++round) {
        cf::process_pool_executor pool({.max_workers = 2, .start_method = start_method::spawn});
        EXPECT_EQ(pool.submit(log_and_allocate, 1000).result(watchdog), 1000);
    }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// The sanitizers' own locks are among those that stay locked.
TEST(ProcessProgram, ForkingWithThreadsWarnsOnce)
{
    const auto result = run_this_program("--fork-with-threads");

    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.out, "1000\n1001\n1002\n");
    EXPECT_EQ(occurrences(result.err, "cofutures: warning: worker processes are forked"), 1U);
    EXPECT_EQ(occurrences(result.err, "\n"), 1U) << result.err;
}
#endif

TEST(ProcessProgram, CtrlCReachesTheProgramOnceAndNoWorker)
{
    const auto result = run_this_program("--be-interrupted");

    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out, "6 7\n8\n1 signals, 1 restarts\n");
}

TEST(ProcessProgram, HandlesOtherSignalsToItsGroupItself)
{
    const auto result = run_this_program("--be-terminated");

    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out, "6 7\n8\n3 signals, 1 restarts\n");
}

TEST(ProcessProgram, MayHaveNoStandardDescriptors)
{
    EXPECT_EQ(run_this_program("--without-standard-descriptors").status, 42);
}

TEST(ProcessProgram, ChildrenOfItsOwnAndWorkersDoNotMeet)
{
    std::map<pid_t, int> started; // our own children, and how each will exit
    std::map<pid_t, int> ended;
    {
        const children_told told;
        cf::process_pool_executor first({.max_workers = 2, .max_restarts = 1000});
        cf::process_pool_executor second({.max_workers = 2, .max_tasks_per_child = 3});
        std::vector<cf::future<int>> crashes;
        std::vector<cf::future<int>> results;
        for (int i = 0; i != 20; ++i) {
            started.emplace(fork_and_exec(("exit " + std::to_string(i)).c_str()), i);
            crashes.push_back(first.submit([](int status) -> int { ::_exit(100 + status); }, i));
            results.push_back(second.submit(echo, i));
            results.push_back(first.submit(echo, i));
        }
        int status = 0;
        for (pid_t pid = 0; (pid = ::waitpid(-1, &status, 0)) > 0;) {
            ended.emplace(pid, WEXITSTATUS(status));
        }
        EXPECT_EQ(errno, ECHILD);
        for (std::size_t i = 0; i != crashes.size(); ++i) {
            SCOPED_TRACE(i);
            try {
                crashes[i].result(watchdog);
                ADD_FAILURE() << "nothing was thrown";
            } catch (const cf::worker_crashed& e) {
                EXPECT_EQ(e.exit_status(), 100 + int(i)); // nobody else collected it
            }
            EXPECT_EQ(results[2 * i].result(watchdog), int(i));
            EXPECT_EQ(results[2 * i + 1].result(watchdog), int(i));
        }
        const auto pids = told.pids();
        EXPECT_FALSE(pids.empty());
        for (const pid_t pid : pids) {
            EXPECT_TRUE(started.contains(pid)) << pid; // never a worker
        }
    }
    EXPECT_EQ(ended, started);
}

TEST(ProcessProgram, MayWaitForAnyChildWhilePoolsStart)
{
    // Forking and spawning need a child for a moment, which whoever waits for any child may meet; the
    // pool does not depend on collecting it.
    const pid_t own = ::fork();
    if (own == 0) {
        ::pause();
        ::_exit(0);
    }
    std::thread collector([own] {
        for (pid_t met = 0; met != own && met >= 0;) {
            met = ::waitpid(-1, nullptr, 0);
        }
    });
    for (int round = 0; round != 10; ++round) {
        for (const auto method : {start_method::fork, start_method::spawn}) {
            cf::process_pool_executor pool({.max_workers = 1, .start_method = method});
            EXPECT_EQ(pool.submit(echo, round).result(watchdog), round);
        }
    }
    ::kill(own, SIGKILL);
    collector.join();
}

TEST(ProcessProgram, NobodyInheritsThePoolsDescriptors)
{
    const auto without = run_this_program("--list-descriptors");
    cf::process_pool_executor pool(2);
    EXPECT_EQ(pool.submit(echo, 1).result(watchdog), 1);
    const auto of_child = run_this_program("--list-descriptors");

    EXPECT_EQ(occurrences(without.out, "socket:"), occurrences(of_child.out, "socket:"));
    EXPECT_EQ(occurrences(of_child.out, "memfd:"), 0U);
    EXPECT_EQ(occurrences(of_child.out, "\n"), occurrences(without.out, "\n")) << of_child.out;

    // The fork server has its end of the program's socket, one of each pool's, and its own signals.
    const pid_t server = pool.submit(&::getppid).result(watchdog);
    std::size_t sockets = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator("/proc/" + std::to_string(server) + "/fd")) {
        std::error_code gone;
        const std::string target = std::filesystem::read_symlink(entry.path(), gone);
        sockets += target.starts_with("socket:") ? 1U : 0U;
        EXPECT_EQ(target.find("memfd:"), std::string::npos) << target;
    }
    EXPECT_EQ(sockets, 2U);
}
