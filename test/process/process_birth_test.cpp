// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// What workers have in common with the program when they are started, and who starts what.

#include <cofutures/process_pool_executor.hpp>

#include "birth_programs.hpp"
#include "process/introductions.hpp"
#include "shared_gates.hpp"
#include "support/forked_child.hpp"
#include "support/program.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cf = cofutures;
using namespace std::chrono_literals;

namespace {

constexpr auto watchdog = 20s;

cf::test::program_result run_this_program(const std::string& argument,
                                          const std::map<std::string, std::string>& extra = {})
{
    cf::test::program program(std::filesystem::read_symlink("/proc/self/exe"));
    return program.run({argument}, extra);
}

std::size_t occurrences(const std::string& text, const std::string& part)
{
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++count;
    }
    return count;
}

/// Runs this program with the changes, and expects its workers to be like it before and after.
void expect_workers_like_the_program(const std::string& method,
                                     const std::string& changes,
                                     const std::string& later = {})
{
    SCOPED_TRACE(method + ":" + changes + ":" + later);
    // What has given up its capabilities or /proc cannot be searched for leaks, and fails if it is.
    const auto result = run_this_program("--be-like-me=" + method + ":" + changes + ":" + later,
                                         {{"LSAN_OPTIONS", "detect_leaks=0"}});

    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out.find("cannot "), std::string::npos) << result.out;
    EXPECT_NE(result.out.find("first worker: alike\ninitializer: alike\n"), std::string::npos)
        << result.out;
    EXPECT_NE(result.out.find("replacement: alike\ninitializer: alike\n"), std::string::npos)
        << result.out;
}

#define SKIP_UNLESS_ROOT()                                                                         \
    if (::geteuid() != 0) {                                                                        \
        GTEST_SKIP() << "only root can give up root";                                              \
    }

} // namespace

TEST(ProcessBirth, WorkersHaveTheDirectoryAndUmaskOfTheProgramWhenTheyStart)
{
    for (const char* const method : {"fork_server", "fork", "spawn"}) {
        expect_workers_like_the_program(method, "directory+umask");
        expect_workers_like_the_program(method, "", "directory+umask");
        expect_workers_like_the_program(method, "umask", "removed-directory");
    }
}

TEST(ProcessBirth, NothingRunsAsRootOnceTheProgramHasGivenUpRoot)
{
    SKIP_UNLESS_ROOT();
    for (const char* const method : {"fork_server", "fork", "spawn"}) {
        expect_workers_like_the_program(method, "user");
        expect_workers_like_the_program(method, "directory+user+umask");
    }
    const auto result = run_this_program("--be-like-me=fork_server:user");
    EXPECT_NE(result.out.find("server: Uid:\t6\t6\t6\t6\n"), std::string::npos) << result.out;
}

TEST(ProcessBirth, ReplacementsFollowALaterChangeOfCredentials)
{
    SKIP_UNLESS_ROOT();
    for (const char* const method : {"fork_server", "fork", "spawn"}) {
        expect_workers_like_the_program(method, "", "user");
        expect_workers_like_the_program(method, "groups", "keep-one-capability");
    }
    for (const char* const method : {"fork_server", "fork"}) {
        expect_workers_like_the_program(method, "effective-user", "other-user");
    }
}

TEST(ProcessBirth, WorkersHaveTheCapabilitiesOfTheProgramAndNoMore)
{
    SKIP_UNLESS_ROOT();
    for (const char* const method : {"fork_server", "fork"}) {
        expect_workers_like_the_program(method, "keep-one-capability");
        expect_workers_like_the_program(method, "bounding+securebits", "few-capabilities");
        expect_workers_like_the_program(method, "effective-user");
        expect_workers_like_the_program(method, "no_new_privs+user");
    }
}

TEST(ProcessBirth, WorkersHaveTheNoNewPrivilegesOfTheProgram)
{
    for (const char* const method : {"fork_server", "fork", "spawn"}) {
        expect_workers_like_the_program(method, "no_new_privs");
        expect_workers_like_the_program(method, "", "no_new_privs");
    }
}

TEST(ProcessBirth, WorkersHaveTheRootDirectoryOfTheProgram)
{
    SKIP_UNLESS_ROOT();
    for (const char* const method : {"fork_server", "fork"}) {
        expect_workers_like_the_program(method, "root");
        expect_workers_like_the_program(method, "root+user");
        expect_workers_like_the_program(method, "", "root+user+umask");
    }
}

TEST(ProcessBirth, APoolIsRefusedWhereItsWorkersCannotBeLikeTheProgram)
{
    const auto first = run_this_program("--be-like-me=fork_server:seccomp:");
    EXPECT_NE(first.out.find("refused: cofutures: workers cannot take on the program's seccomp "
                             "filters (change it before process::init, or use "
                             "start_method::fork)"),
              std::string::npos)
        << first.out;
    const auto replacement = run_this_program("--be-like-me=fork_server::seccomp");
    EXPECT_NE(replacement.out.find("first worker: alike"), std::string::npos) << replacement.out;
    EXPECT_NE(
        replacement.out.find("cause: cofutures: workers cannot take on the program's seccomp"),
        std::string::npos)
        << replacement.out;
    for (const char* const method : {"fork", "spawn"}) {
        expect_workers_like_the_program(method, "seccomp");
    }
}

TEST(ProcessBirth, ANewRunOfTheProgramIsRefusedWhereItWouldHaveMoreRights)
{
    SKIP_UNLESS_ROOT();
    const auto result = run_this_program("--be-like-me=spawn:few-capabilities:");

    EXPECT_NE(result.out.find("refused: cofutures: start_method::spawn would give the new run of "
                              "the program the rights that it gave up"),
              std::string::npos)
        << result.out;
}

TEST(ProcessBirth, AForkedCopyOfTheProgramHasWorkersLikeItself)
{
    EXPECT_EQ(run_this_program("--be-forked").status, 42);
}

TEST(ProcessBirth, AForkedProcessFindsNoTableLockedByAThreadThatItDoesNotHave)
{
    const auto look_up = [] {
        cf::detail::locate_function(&::getppid);
        cf::detail::handlers_after(0);
    };
    std::atomic<bool> over{false};
    std::thread busy([&] {
        while (!over) {
            look_up();
        }
    });

    for (int round = 0; round != 100 && !HasFailure(); ++round) {
        EXPECT_EQ(cf::test::exit_code_of_child([&] {
                      look_up();
                      return 0;
                  }),
                  0);
    }
    over = true;
    busy.join();
}

#if !defined(__SANITIZE_THREAD__) // which may hang on threads of such a child
TEST(ProcessBirth, AForkedProcessMayLetGoOfAPoolAfterThreadsOfItsOwn)
{
    auto pool = std::make_unique<cf::process_pool_executor>(1);
    pool->submit(&::getpid).wait();

    EXPECT_EQ(cf::test::exit_code_of_child([&] {
                  for (int i = 0; i != 4; ++i) {
                      std::thread([] {}).join(); // in the place of the pool's, which is not here
                  }
                  pool.reset();
                  return 0;
              }),
              0);

    EXPECT_EQ(pool->submit([] { return 6; }).result(watchdog), 6);
}
#endif

TEST(ProcessBirth, InitWithThreadsThrowsAndRunsNothingTwice)
{
    const auto result = run_this_program("--init-late", {{"COFUTURES_TEST_JOURNAL", "1"}});

    EXPECT_EQ(occurrences(result.out, "main begins\n"), 1U) << result.out;
    EXPECT_NE(result.out.find("cofutures: process::init comes too late: the program has 2 threads"),
              std::string::npos)
        << result.out;
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// The sanitizers' own locks are among those that stay locked.
TEST(ProcessBirth, ALostForkServerIsReplacedWithoutRunningMainTwice)
{
    const auto result = run_this_program("--lose-server", {{"COFUTURES_TEST_JOURNAL", "1"}});

    EXPECT_EQ(result.out, "main begins\n6\n");
    EXPECT_NE(result.err.find("because the fork server has died"), std::string::npos) << result.err;
}
#endif

TEST(ProcessBirth, SpawnSaysThatInitMustComeBeforeArgumentsAreParsed)
{
    EXPECT_EQ(run_this_program("--spawn").out, "6\n");
    const auto result = run_this_program("--spawn", {{"COFUTURES_TEST_STRICT_ARGUMENTS", "1"}});

    EXPECT_NE(result.out.find("Let init be the first line of main, before arguments are looked at"),
              std::string::npos)
        << result.out;
}

TEST(ProcessBirth, SpawnIsRefusedWhereStaticObjectsOwnThreads)
{
    const auto result = run_this_program("--spawn", {{"COFUTURES_TEST_STATIC_THREAD", "1"}});

    EXPECT_NE(result.out.find("no static object own a thread"), std::string::npos) << result.out;
    EXPECT_NE(result.err.find("have started threads (1 more)"), std::string::npos) << result.err;
}

TEST(ProcessBirth, StreamsOfTheProgramDoNotReachTheProtocolOfAWorker)
{
    for (const char* const method : {"fork_server", "fork"}) {
        EXPECT_EQ(run_this_program(std::string("--log-in-workers=") + method).status, 42);
    }
}

TEST(ProcessBirth, AWorkersOwnDescriptorsLieHigh)
{
    const auto look = [](std::string large) {
        const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        ::close(next);
        rlimit limit{};
        ::getrlimit(RLIMIT_NOFILE, &limit);
        const int end = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 1024));
        int low = 0;
        int high = 0;
        for (int each = 3; each != end; ++each) {
            struct stat facts {};
            (each < end / 2 ? low : high) += ::fstat(each, &facts) == 0 ? 1 : 0;
        }
        return std::array{next, low, high, static_cast<int>(large.size())};
    };
    cf::process_pool_executor pool(1);

    const auto [next, low, high, size] =
        pool.submit(look, std::string(300'000, 'x')).result(watchdog);

    EXPECT_EQ(next, 3);
    EXPECT_EQ(low, 0);
    EXPECT_EQ(high, 3); // socket, status page, and the memory that the argument came in
    EXPECT_EQ(size, 300'000);
}

TEST(ProcessBirth, AProgramMayCloseItsStandardDescriptorsLater)
{
    EXPECT_EQ(run_this_program("--close-standard-descriptors").status, 42);
}
