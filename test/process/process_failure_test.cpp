// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// What a process pool does when something dies, hangs, throws or is called off.

#include <cofutures/process_pool_executor.hpp>
#include <cofutures/wait.hpp>

#include "shared_gates.hpp"
#include "support/expect_error.hpp"
#include "worker_socket.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <limits>
#include <mutex>
#include <set>

#include <unistd.h>

namespace cf = cofutures;
using namespace std::chrono_literals;
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

int die(int how)
{
    std::fputs("last words\n", stderr);
    switch (how) {
    case 0:
        std::abort();
    case 1:
        std::raise(SIGSEGV);
        break;
    case 2:
        ::_exit(3);
    default:
        ::kill(::getpid(), SIGKILL);
    }
    return how;
}

int open_and_wait(int started, int finish)
{
    open_gate(started);
    pass_gate(finish);
    return ::getpid();
}

int open_and_hang(int started)
{
    open_gate(started);
    for (volatile bool busy = true; busy;) {
    }
    return 0;
}

std::string allocated; // by a task that does nothing else

int count_up(int number)
{
    return ++counter(number);
}

struct own_error {
    int code = 0;
    std::string text;
};

class text_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class unknown_error : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

template <bool OnSaving>
class error_refusing : public std::runtime_error {
public:
    explicit error_refusing(const std::string& text = "") : std::runtime_error(text) {}

    template <typename Archive>
    void serialize(Archive&)
    {
        if (Archive::is_saving == OnSaving) {
            throw std::domain_error("not to be encoded, or decoded");
        }
    }
};

struct refuses_encoding {
    bool refuse = true;
    template <typename Archive>
    void serialize(Archive& archive, unsigned)
    {
        archive(refuse);
        if (Archive::is_saving && refuse) {
            throw std::domain_error("not to be encoded");
        }
    }
};

struct refuses_decoding {
    int value = 0;
    template <typename Archive>
    void serialize(Archive& archive, unsigned)
    {
        archive(value);
        if (Archive::is_loading) {
            throw std::domain_error("not to be decoded");
        }
    }
};

} // namespace

TEST(ProcessExceptions, KeepTheirTypeWhereItIsKnown)
{
    cf::process::register_exception<own_error>();
    cf::process::register_exception<text_error>();
    cf::process_pool_executor pool(1);
    const auto failure_of = [&](auto f) { return pool.submit(f).exception(watchdog); };

    EXPECT_THROW(std::rethrow_exception(failure_of([] { throw std::out_of_range("x"); })),
                 std::out_of_range);
    EXPECT_THROW(std::rethrow_exception(failure_of([] { throw std::bad_alloc(); })),
                 std::bad_alloc);
    EXPECT_THROW(std::rethrow_exception(failure_of([] { throw 7; })), int);
    EXPECT_THROW(std::rethrow_exception(failure_of([] { throw text_error("x"); })), text_error);
    try {
        std::rethrow_exception(failure_of([] { throw own_error{4, "four"}; }));
    } catch (const own_error& e) {
        EXPECT_EQ(e.code, 4);
        EXPECT_EQ(e.text, "four");
    }
    try {
        std::rethrow_exception(failure_of(
            [] { throw std::system_error(ENOENT, std::generic_category(), "opening it"); }));
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), std::errc::no_such_file_or_directory);
        EXPECT_STREQ(e.what(), "opening it: No such file or directory");
    }
    try {
        std::rethrow_exception(
            failure_of([] { std::filesystem::create_directory("/proc/self/no/where"); }));
    } catch (const std::filesystem::filesystem_error& e) {
        EXPECT_EQ(e.path1(), "/proc/self/no/where");
    }
}

TEST(ProcessExceptions, OfUnknownTypeTellTypeAndText)
{
    cf::process_pool_executor pool(1);

    try {
        pool.submit([] { throw unknown_error("some text"); }).result(watchdog);
        ADD_FAILURE() << "nothing was thrown";
    } catch (const cf::remote_error& e) {
        EXPECT_NE(e.type_name().find("unknown_error"), std::string::npos) << e.type_name();
        EXPECT_STREQ(e.what(), "some text");
    }
}

TEST(ProcessExceptions, BringTheirCauses)
{
    cf::process_pool_executor pool(1);
    const auto nest = [] {
        try {
            throw std::out_of_range("inner");
        } catch (...) {
            std::throw_with_nested(std::runtime_error("outer"));
        }
    };

    try {
        pool.submit(nest).result(watchdog);
        ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& outer) {
        EXPECT_STREQ(outer.what(), "outer");
        EXPECT_THROW(std::rethrow_if_nested(outer), std::out_of_range);
    }
}

TEST(ProcessExceptions, FailuresOfTheCodecFailOneTask)
{
    cf::process_pool_executor pool(1);

    EXPECT_THROW(pool.submit([](refuses_encoding) {}, refuses_encoding{}), std::domain_error);
    EXPECT_THROW(pool.submit([](refuses_decoding) {}, refuses_decoding{}).result(watchdog),
                 std::domain_error);
    EXPECT_THROW(pool.submit([] { return refuses_encoding{}; }).result(watchdog),
                 std::domain_error);
    EXPECT_THROW(pool.submit([] { return refuses_decoding{}; }).result(watchdog),
                 std::domain_error);
    EXPECT_EQ(pool.submit(echo, 5).result(watchdog), 5);
    EXPECT_EQ(pool.stats().restarts, 0U);
}

TEST(ProcessExceptions, WhichTheCodecRefusesKeepTypeNameAndText)
{
    cf::process::register_exception<error_refusing<true>>();
    cf::process::register_exception<error_refusing<false>>();
    cf::process_pool_executor pool(1);
    const auto failure_of = [&](auto f) -> std::string {
        try {
            pool.submit(f).result(watchdog);
        } catch (const cf::remote_error& e) {
            return e.type_name() + ": " + e.what();
        }
        return "not thrown";
    };

    EXPECT_NE(failure_of([] { throw error_refusing<true>("encode"); }).find("error_refusing<true>"),
              std::string::npos);
    EXPECT_NE(failure_of([] { throw error_refusing<false>("decode"); }).find(": decode"),
              std::string::npos);
    EXPECT_EQ(pool.stats().restarts, 0U);
}

TEST(ProcessCrash, FailsOnlyTheTaskThatRan)
{
    cf::process_pool_executor pool(2);
    std::vector<cf::future<int>> good;
    std::vector<cf::future<int>> bad;
    for (int i = 0; i != 40; ++i) {
        good.push_back(pool.submit(echo, i));
        if (i % 10 == 5) {
            bad.push_back(pool.submit(die, i / 10));
        }
    }

    for (int i = 0; i != 40; ++i) {
        EXPECT_EQ(good[static_cast<std::size_t>(i)].result(watchdog), i);
    }
    const int signals[] = {SIGABRT, SIGSEGV, 0, SIGKILL};
    for (std::size_t i = 0; i != bad.size(); ++i) {
        SCOPED_TRACE(i);
        try {
            bad[i].result(watchdog);
            ADD_FAILURE() << "nothing was thrown";
        } catch (const cf::worker_crashed& e) {
            EXPECT_EQ(e.signal(), signals[i]);
            EXPECT_EQ(e.exit_status(), i == 2 ? 3 : 0);
            EXPECT_GT(e.pid(), 0);
            EXPECT_EQ(e.stderr_tail(), "last words\n");
        }
    }
    EXPECT_TRUE(pool.wait_idle(watchdog));
    EXPECT_EQ(pool.stats().workers, 2U);
    EXPECT_EQ(pool.stats().restarts, 4U);
}

TEST(ProcessCrash, TasksSentAheadRunElsewhereOnce)
{
    cf::process_pool_executor pool(1);
    const int number = 2;
    counter(number) = 0;
    // Tiny tasks first, so that the pool sends many ahead.
    for (int i = 0; i != 2000; ++i) {
        pool.submit(echo, i);
    }
    EXPECT_TRUE(pool.wait_idle(watchdog));

    auto crash = pool.submit(die, 0);
    std::vector<cf::future<int>> after;
    for (int i = 0; i != 100; ++i) {
        after.push_back(pool.submit(count_up, number));
    }

    EXPECT_THROW(crash.result(watchdog), cf::worker_crashed);
    for (const auto& future : after) {
        future.result(watchdog);
    }
    EXPECT_EQ(counter(number), 100);
}

TEST(ProcessCrash, CanBeRetriedWhereTheTaskAllowsIt)
{
    cf::process_pool_executor pool({.max_workers = 1, .crash_retries = 2});
    const int number = 3;
    counter(number) = 0;
    const auto third_time = [](int n) {
        if (++counter(n) < 3) {
            std::abort();
        }
        return counter(n).load();
    };

    EXPECT_EQ(pool.submit(third_time, number).result(watchdog), 3);
}

TEST(ProcessCrash, BreaksThePoolWhereAskedTo)
{
    cf::process_pool_executor pool(
        {.max_workers = 1, .on_crash = cf::process::on_crash::break_pool});
    auto crash = pool.submit(die, 0);
    auto other = pool.submit(echo, 1);

    std::set<const void*> objects;
    for (const auto& future : {crash, other}) {
        try {
            future.result(watchdog);
            ADD_FAILURE() << "nothing was thrown";
        } catch (const cf::broken_process_pool& e) {
            objects.insert(&e);
            EXPECT_THROW(std::rethrow_if_nested(e), cf::worker_crashed);
        }
    }
    EXPECT_EQ(objects.size(), 2U); // each future has an exception of its own
    EXPECT_TRUE(pool.shutdown_for(watchdog));
    EXPECT_THROW(pool.submit(echo, 1), cf::broken_process_pool);
}

TEST(ProcessCrash, BreakingThePoolLeavesCancelledTasksAlone)
{
    for (int round = 0; round != 50; ++round) {
        SCOPED_TRACE(round);
        cf::process_pool_executor pool(
            {.max_workers = 1, .on_crash = cf::process::on_crash::break_pool});
        const int started = new_gate();
        const int finish = new_gate();
        auto crash = pool.submit(
            [](int begun, int end) {
                open_gate(begun);
                pass_gate(end);
                ::_exit(3);
            },
            started,
            finish);
        std::vector<cf::future<int>> others;
        for (int i = 0; i != 50; ++i) {
            others.push_back(pool.submit(echo, i));
        }
        pass_gate(started);
        open_gate(finish); // while the pool breaks, its tasks are being cancelled

        for (const auto& future : others) {
            if (future.cancel()) {
                EXPECT_TRUE(future.cancelled());
                EXPECT_THROW(future.result(watchdog), cf::cancelled_error);
            } else {
                EXPECT_THROW(future.result(watchdog), cf::broken_process_pool);
            }
        }
        EXPECT_THROW(crash.result(watchdog), cf::broken_process_pool);
    }
}

TEST(ProcessCrash, AfterShutdownWasCalledHoldsNothingUp)
{
    cf::process_pool_executor pool(1);
    const int started = new_gate();
    const int finish = new_gate();
    auto crash = pool.submit(
        [](int begun, int end) {
            open_gate(begun);
            pass_gate(end);
            std::abort();
        },
        started,
        finish);
    std::vector<cf::future<int>> rest;
    for (int i = 0; i != 20; ++i) {
        rest.push_back(pool.submit(echo, i));
    }
    auto last = pool.submit(die, 2); // no worker is needed after this one
    pass_gate(started);

    pool.shutdown({.wait = false});
    open_gate(finish);

    EXPECT_THROW(crash.result(watchdog), cf::worker_crashed);
    for (std::size_t i = 0; i != rest.size(); ++i) {
        EXPECT_EQ(rest[i].result(watchdog), int(i));
    }
    EXPECT_THROW(last.result(watchdog), cf::worker_crashed);
    EXPECT_TRUE(pool.shutdown_for(watchdog));
}

TEST(ProcessCrash, TooManyRestartsBreakThePool)
{
    cf::process_pool_executor pool({.max_workers = 1, .max_restarts = 3});
    std::vector<cf::future<int>> futures;
    for (int i = 0; i != 10; ++i) {
        futures.push_back(pool.submit(die, 2));
    }

    int crashes = 0;
    int broken = 0;
    for (const auto& future : futures) {
        try {
            future.result(watchdog);
        } catch (const cf::worker_crashed&) {
            ++crashes;
        } catch (const cf::broken_process_pool& e) {
            ++broken;
            EXPECT_THROW(std::rethrow_if_nested(e), cf::worker_crashed);
        }
    }
    EXPECT_EQ(crashes, 5);
    EXPECT_EQ(broken, 5);
}

TEST(ProcessCrash, CostsOneTaskEachHoweverManyCrashWhileOthersFinish)
{
    cf::process_pool_executor pool({.max_workers = 4, .capture_stderr = false});
    const int tasks = cf::test::repetitions(20'000, 20'000);
    const auto some_crash = [](int number) {
        if (number % 50 == 17) {
            std::raise(SIGSEGV);
        }
        return number;
    };
    std::vector<cf::future<int>> futures;
    for (int i = 0; i != tasks; ++i) {
        futures.push_back(pool.submit(some_crash, i));
    }

    int crashed = 0;
    int lost = 0;
    for (int i = 0; i != tasks; ++i) {
        try {
            EXPECT_EQ(futures[static_cast<std::size_t>(i)].result(watchdog), i);
        } catch (const cf::worker_crashed&) {
            EXPECT_EQ(i % 50, 17);
            ++crashed;
        } catch (const cf::broken_process_pool&) {
            ++lost;
        }
    }
    EXPECT_EQ(crashed, tasks / 50);
    EXPECT_EQ(lost, 0);
}

TEST(ProcessCrash, AnyNumberOfDeathsIsAllowedWithTheGreatestLimit)
{
    cf::process_pool_executor pool(
        {.max_workers = 1, .max_restarts = std::numeric_limits<std::size_t>::max()});

    EXPECT_THROW(pool.submit(die, 0).result(watchdog), cf::worker_crashed);
    EXPECT_EQ(pool.submit(echo, 2).result(watchdog), 2);
}

TEST(ProcessCrash, AFailingInitializerBreaksThePoolWithItsException)
{
    cf::process_pool_executor pool(
        {.max_workers = 1, .initializer = cf::process::call([] { throw std::range_error("no"); })});
    try {
        pool.submit(echo, 1).result(watchdog);
        ADD_FAILURE() << "nothing was thrown";
    } catch (const cf::broken_process_pool& e) {
        EXPECT_THROW(std::rethrow_if_nested(e), std::range_error);
    }
    cf::process_pool_executor dies(
        {.max_workers = 1, .initializer = cf::process::call([] { std::abort(); })});
    try {
        dies.submit(echo, 1).result(watchdog);
        ADD_FAILURE() << "nothing was thrown";
    } catch (const cf::broken_process_pool& e) {
        EXPECT_THROW(std::rethrow_if_nested(e), cf::worker_crashed);
    }
}

TEST(ProcessCrash, AWorkerThatTalksNonsenseFailsItsTaskOnly)
{
    cf::process_pool_executor pool(1);
    const auto garble = [] {
        const std::string noise(1000, '\x5a');
        const auto written = ::write(cf::test::worker_socket(), noise.data(), noise.size());
        pass_gate(new_gate());
        return written;
    };

    EXPECT_THROW(pool.submit(garble).result(watchdog), cf::worker_crashed);
    EXPECT_EQ(pool.submit(echo, 3).result(watchdog), 3);
}

TEST(ProcessCrash, AnAbsentForkServerBreaksThePoolAndTheNextOneHasANewOne)
{
    {
        cf::process_pool_executor pool(2);
        const pid_t server = pool.submit(&::getppid).result(watchdog);
        const int started = new_gate();
        auto running = pool.submit(open_and_hang, started);
        pass_gate(started);

        ::kill(server, SIGKILL);

        EXPECT_THROW(running.result(watchdog), cf::broken_process_pool);
        EXPECT_TRUE(pool.shutdown_for(watchdog));
    }
    cf::process_pool_executor next(1);
    EXPECT_EQ(next.submit(echo, 4).result(watchdog), 4);
}

TEST(ProcessCancel, ReachesQueuedAndSentAheadTasksButNotRunningOnes)
{
    cf::process_pool_executor pool(1);
    const int number = 4;
    counter(number) = 0;
    for (int i = 0; i != 2000; ++i) {
        pool.submit(echo, i); // so that the pool sends ahead
    }
    EXPECT_TRUE(pool.wait_idle(watchdog));
    const int started = new_gate();
    const int finish = new_gate();
    auto running = pool.submit(open_and_wait, started, finish);
    std::vector<cf::future<int>> waiting;
    for (int i = 0; i != 1000; ++i) {
        waiting.push_back(pool.submit(count_up, number));
    }
    pass_gate(started);

    EXPECT_TRUE(running.running());
    EXPECT_FALSE(running.cancel());
    for (const auto& future : waiting) {
        EXPECT_FALSE(future.running());
        EXPECT_TRUE(future.cancel());
        EXPECT_TRUE(future.cancelled());
    }
    open_gate(finish);

    EXPECT_GT(running.result(watchdog), 0);
    EXPECT_TRUE(pool.wait_idle(watchdog));
    EXPECT_EQ(pool.submit(echo, 1).result(watchdog), 1);
    EXPECT_EQ(counter(number), 0);
    EXPECT_EQ(pool.stats().cancelled, 1000U);
}

TEST(ProcessStop, ReachesTheTasksToken)
{
    cf::process_pool_executor pool(1);
    const int started = new_gate();
    const auto until_stopped = [](std::stop_token token, int gate) {
        open_gate(gate);
        std::mutex mutex;
        std::condition_variable_any changed;
        std::unique_lock lock(mutex);
        changed.wait_for(lock, token, watchdog, [] { return false; });
        return token.stop_requested() ? 1 : 0;
    };
    auto task = pool.submit(until_stopped, started);
    pass_gate(started);

    EXPECT_TRUE(task.request_stop());

    EXPECT_EQ(task.result(watchdog), 1);
    EXPECT_EQ(pool.stats().restarts, 0U);
}

TEST(ProcessStop, KillsAfterTheGracePeriodIfThePoolDoes)
{
    cf::process_pool_executor pool({.max_workers = 2, .kill_after_stop = 10ms});
    const int started = new_gate();
    const int other_started = new_gate();
    const int other_finish = new_gate();
    auto task = pool.submit(open_and_hang, started);
    auto neighbour = pool.submit(open_and_wait, other_started, other_finish);
    std::vector<cf::future<int>> next;
    for (int i = 0; i != 20; ++i) {
        next.push_back(pool.submit(echo, i));
    }
    pass_gate(started);
    pass_gate(other_started);

    EXPECT_TRUE(task.request_stop());

    EXPECT_THROW(task.result(watchdog), cf::cancelled_error);
    for (std::size_t i = 0; i != next.size(); ++i) {
        EXPECT_EQ(next[i].result(watchdog), int(i)); // in the new worker
    }
    EXPECT_TRUE(neighbour.running());
    open_gate(other_finish);
    EXPECT_GT(neighbour.result(watchdog), 0);
    EXPECT_EQ(pool.stats().restarts, 1U);
}

TEST(ProcessLimits, TheHardOneKillsWhateverTheTaskDoes)
{
    cf::process_pool_executor pool({.max_workers = 2, .hard_time_limit = 150ms});
    const int never = new_gate();
    const int started = new_gate();
    std::vector<cf::future<int>> doomed;
    doomed.push_back(pool.submit(open_and_hang, started));
    doomed.push_back(pool.submit(open_and_wait, started, never));
    doomed.push_back(pool.submit([] { return ::raise(SIGSTOP); }));
    doomed.push_back(pool.submit(&::pause));
    doomed.push_back(pool.submit([] {
        int ends[2];
        char byte = 0;
        return ::pipe(ends) + int(::read(ends[0], &byte, 1)); // nobody writes
    }));
    doomed.push_back(pool.submit([] {
        for (std::size_t size = 1;; size = size % 1'000'000 + 1'000) {
            std::string(size, 'x').swap(allocated);
        }
        return 0;
    }));
    auto fine = pool.submit(echo, 1);

    for (const auto& future : doomed) {
        EXPECT_THROW(future.result(watchdog), cf::task_timed_out);
    }
    // It waited in the queue for longer than the limit, which does not count.
    EXPECT_EQ(fine.result(watchdog), 1);
}

TEST(ProcessLimits, TheSoftOneStopsTheToken)
{
    cf::process_pool_executor pool(1);
    const auto until_stopped = [](std::stop_token token) {
        while (!token.stop_requested()) {
        }
        return 1;
    };

    EXPECT_EQ(pool.submit(cf::process::task_options{.soft_time_limit = 20ms}, until_stopped)
                  .result(watchdog),
              1);
}

TEST(ProcessLimits, TheGreatestDurationIsNoLimit)
{
    constexpr auto no_limit = std::chrono::nanoseconds::max();
    const auto whether_stopped = [](std::stop_token token, int started, int finish) {
        open_and_wait(started, finish);
        return token.stop_requested();
    };
    // Of the pool, and of the task.
    for (const auto& [of_pool, of_task] : {std::pair(no_limit, 0ns), std::pair(0ns, no_limit)}) {
        SCOPED_TRACE(of_pool.count());
        cf::process_pool_executor pool({.max_workers = 2,
                                        .soft_time_limit = of_pool,
                                        .hard_time_limit = of_pool,
                                        .kill_after_stop = no_limit});
        const int started = new_gate();
        const int finish = new_gate();
        const auto task = pool.submit(
            cf::process::task_options{.soft_time_limit = of_task, .hard_time_limit = of_task},
            whether_stopped,
            started,
            finish);
        pass_gate(started);
        // Each further task makes the pool look at the limits of those that run.
        EXPECT_EQ(pool.submit(echo, 1).result(watchdog), 1);
        EXPECT_EQ(pool.submit(echo, 2).result(watchdog), 2);
        open_gate(finish);
        EXPECT_FALSE(task.result(watchdog));

        const int begun = new_gate();
        const int end = new_gate();
        const auto asked = pool.submit(open_and_wait, begun, end);
        pass_gate(begun);
        EXPECT_TRUE(asked.request_stop());
        EXPECT_EQ(pool.submit(echo, 3).result(watchdog), 3);
        open_gate(end);
        EXPECT_GT(asked.result(watchdog), 0);
    }
}

TEST(ProcessLimits, ATaskMayHaveNoneWhereThePoolHas)
{
    cf::process_pool_executor pool({.max_workers = 2, .hard_time_limit = 50ms});
    const int started = new_gate();
    const int finish = new_gate();
    const auto unlimited =
        pool.submit(cf::process::task_options{.hard_time_limit = std::chrono::nanoseconds::max()},
                    open_and_wait,
                    started,
                    finish);
    pass_gate(started);

    EXPECT_THROW(pool.submit(open_and_hang, new_gate()).result(watchdog), cf::task_timed_out);
    open_gate(finish);
    EXPECT_GT(unlimited.result(watchdog), 0);
}

TEST(ProcessLimits, TheGreatestSizesAreNoLimits)
{
    constexpr auto no_limit = std::numeric_limits<std::size_t>::max();
    for (const std::size_t memory : {no_limit, no_limit - 1}) {
        cf::process_pool_executor pool(
            {.max_workers = 1, .max_tasks_per_child = no_limit, .memory_limit = memory});

        EXPECT_EQ(pool.submit([] { return std::string(1 << 20, 'x').size(); }).result(watchdog),
                  1U << 20);
        EXPECT_EQ(pool.submit(echo, 1).result(watchdog), 1);
        EXPECT_EQ(pool.stats().restarts, 0U);
    }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(ProcessLimits, MemoryBeyondTheLimitFailsTheTask)
{
    cf::process_pool_executor pool({.max_workers = 1, .memory_limit = 64UL << 20});
    const auto allocate = [](std::size_t bytes) { return std::string(bytes, 'x').size(); };

    EXPECT_EQ(pool.submit(allocate, std::size_t{1} << 20).result(watchdog), 1U << 20);
    EXPECT_THROW(pool.submit(allocate, std::size_t{512} << 20).result(watchdog),
                 cf::memory_limit_exceeded);
    EXPECT_EQ(pool.submit(echo, 1).result(watchdog), 1);
}
#endif

TEST(ProcessPoolEnd, KillAndTerminateEndRunningTasksAtOnce)
{
    for (const bool gently : {true, false}) {
        SCOPED_TRACE(gently);
        cf::process_pool_executor pool(1);
        const int started = new_gate();
        auto running = pool.submit(open_and_hang, started);
        auto queued = pool.submit(echo, 1);
        pass_gate(started);

        gently ? pool.terminate_workers() : pool.kill_workers();

        EXPECT_THROW(running.result(watchdog), cf::broken_process_pool);
        EXPECT_TRUE(queued.cancelled());
        EXPECT_TRUE(pool.shutdown_for(watchdog));
        EXPECT_ANY_THROW(pool.submit(echo, 1));
    }
}

TEST(ProcessPoolEnd, AStoppedWorkerDoesNotHoldItUp)
{
    cf::process_pool_executor pool(1);
    const pid_t worker = pool.submit(&::getpid).result(watchdog);
    ::kill(worker, SIGSTOP);

    EXPECT_TRUE(pool.shutdown_for(watchdog));
}

TEST(ProcessPoolEnd, AFutureMayOutliveThePool)
{
    cf::future<int> kept;
    {
        cf::process_pool_executor pool(1);
        kept = pool.submit(echo, 11);
    }
    EXPECT_TRUE(kept.done());
    EXPECT_EQ(kept.result(), 11);
}
