// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// What a process pool does when all goes well: calls, results, exceptions, maps, life cycle.

#include <cofutures/process_pool_executor.hpp>
#include <cofutures/wait.hpp>

#include "shared_gates.hpp"
#include "support/expect_error.hpp"
#include "support/gate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <set>

#include <dlfcn.h>
#include <sys/personality.h>
#include <unistd.h>

namespace cf = cofutures;
using namespace std::chrono_literals;
using cf::test::message_of;
using cf::test::new_gate;
using cf::test::open_gate;
using cf::test::pass_gate;

namespace {

constexpr auto watchdog = 20s;

int square(int x)
{
    return x * x;
}

template <typename T>
T twice(T value)
{
    return value + value;
}

struct scale {
    int factor = 1;
    int operator()(int x) const { return factor * x; }
};

struct rectangle {
    int width = 0;
    int height = 0;
    int area() const { return width * height; }
};

struct shape_like {
    virtual int sides() const { return 0; }
    virtual ~shape_like() = default;
    shape_like() = default;
    shape_like(const shape_like&) = default;
    shape_like& operator=(const shape_like&) = default;
    template <typename Archive>
    void serialize(Archive&, unsigned)
    {}
};

struct triangle final : shape_like {
    int sides() const override { return 3; }
    template <typename Archive>
    void serialize(Archive&, unsigned)
    {}
};

/// Gigabytes of which only both ends are ever touched, so that they take no memory.
struct mostly_nothing {
    std::uint64_t first = 0;
    std::uint64_t nothing = 0;
    std::uint64_t last = 0;

    template <typename Archive>
    void serialize(Archive& archive)
    {
        archive(first, nothing);
        archive.skip(nothing);
        archive(last);
    }
};

/// Counts the objects of a process, in the counter of that number.
class counted {
public:
    counted() noexcept = default;
    explicit counted(int number) noexcept : number_(number) { change(1); }
    counted(const counted& other) noexcept : number_(other.number_) { change(1); }
    counted& operator=(const counted&) = delete;
    ~counted() { change(-1); }

    template <typename Archive>
    void serialize(Archive& archive)
    {
        const int former = number_;
        archive(number_);
        if (Archive::is_loading && former < 0) {
            change(1);
        }
    }

private:
    void change(int by) const noexcept
    {
        if (number_ >= 0) {
            cf::test::counter(number_) += by;
        }
    }

    int number_ = -1;
};

int wait_for(int gate)
{
    pass_gate(gate);
    return gate;
}

int open_and_wait(int started, int finish)
{
    open_gate(started);
    pass_gate(finish);
    return ::getpid();
}

/// Holds up the pool's thread in a callback until the gate is opened.
void keep_from_reading(cf::process_pool_executor& pool, cf::test::gate& release)
{
    const int finish = new_gate();
    const auto held_up = std::make_shared<cf::test::gate>();
    const auto task = pool.submit(wait_for, finish);
    task.add_done_callback([held_up, &release](const cf::future<int>&) {
        held_up->open();
        release.wait();
    });
    open_gate(finish);
    held_up->wait();
}

} // namespace

TEST(ProcessCalls, TravelAsFunctionsLambdasObjectsAndMembers)
{
    cf::process_pool_executor pool(2);

    EXPECT_EQ(pool.submit(square, 7).result(watchdog), 49);
    EXPECT_EQ(pool.submit(&twice<std::string>, "ab").result(watchdog), "abab");
    EXPECT_EQ(pool.submit([](int a, int b) { return a - b; }, 5, 3).result(watchdog), 2);
    EXPECT_EQ(pool.submit(scale{6}, 7).result(watchdog), 42);
    EXPECT_EQ(pool.submit(&rectangle::area, rectangle{3, 4}).result(watchdog), 12);
    EXPECT_EQ(pool.submit(&rectangle::height, rectangle{3, 4}).result(watchdog), 4);
    EXPECT_EQ(pool.submit(&shape_like::sides, triangle()).result(watchdog), 3);
    EXPECT_EQ(pool.submit([](std::string_view text) { return text.size(); }, std::string("four"))
                  .result(watchdog),
              4U);
    pool.submit([] {}).result(watchdog);
}

TEST(ProcessCalls, RunInAnotherProcess)
{
    cf::process_pool_executor pool(1);

    const pid_t worker = pool.submit(&::getpid).result(watchdog);

    EXPECT_NE(worker, ::getpid());
    EXPECT_EQ(pool.stats().per_worker.at(0).pid, worker);
}

TEST(ProcessCalls, ReachFunctionsOfLibrariesLoadedLater)
{
    cf::process_pool_executor pool(1);
    EXPECT_EQ(pool.submit(square, 2).result(watchdog), 4); // the worker is there before the library
    void* const library = ::dlopen(LATE_LIBRARY, RTLD_NOW);
    ASSERT_NE(library, nullptr) << ::dlerror();
    const auto triple = reinterpret_cast<int (*)(int)>(::dlsym(library, "late_triple"));

    EXPECT_EQ(pool.submit(triple, 5).result(watchdog), 15);
}

TEST(ProcessCalls, MoveOnlyValuesTravel)
{
    cf::process_pool_executor pool(1);

    auto result = pool.submit([](std::unique_ptr<int> p) { return std::make_unique<int>(*p + 1); },
                              std::make_unique<int>(1));

    EXPECT_EQ(*result.take(watchdog), 2);
}

TEST(ProcessCalls, ArgumentsAreEncodedBeforeSubmitReturns)
{
    cf::process_pool_executor pool(1);
    const int gate = new_gate();
    auto busy = pool.submit(wait_for, gate);
    std::vector<int> numbers{1, 2, 3};

    auto sum = pool.submit(
        [](const std::vector<int>& v) { return std::accumulate(v.begin(), v.end(), 0); }, numbers);
    numbers.assign({100});
    open_gate(gate);

    EXPECT_EQ(sum.result(watchdog), 6);
}

TEST(ProcessCalls, ANullFunctionIsRefused)
{
    cf::process_pool_executor pool(1);
    int (*const null)() = nullptr;

    EXPECT_THROW(pool.submit(null), std::invalid_argument);
}

TEST(ProcessPayloads, AnySizeComesBackAsItWas)
{
    cf::process_pool_executor pool(2);
    const auto echo = [](std::vector<double> v) { return v; };
    for (const std::size_t size :
         {0UL, 1UL, 1000UL, 16384UL, 16385UL, 20000UL, 1000000UL, 3000000UL}) {
        SCOPED_TRACE(size);
        std::vector<double> numbers(size);
        std::iota(numbers.begin(), numbers.end(), 0.5);
        EXPECT_EQ(pool.submit(echo, numbers).result(watchdog), numbers);
    }
}

TEST(ProcessPayloads, OfMoreThanFourGibibytesComeBackAsTheyWere)
{
    cf::process_pool_executor pool(1);
    const auto change_ends = [](mostly_nothing value) {
        value.first += 1;
        value.last += 2;
        return value;
    };
    for (const std::uint64_t size : {(1ULL << 32) - 8, 1ULL << 32, 5ULL << 30}) {
        SCOPED_TRACE(size);
        const auto result = pool.submit(change_ends, mostly_nothing{10, size, 20}).result(watchdog);

        EXPECT_EQ(result.first, 11U);
        EXPECT_EQ(result.nothing, size);
        EXPECT_EQ(result.last, 22U);
    }
    EXPECT_EQ(pool.stats().restarts, 0U);
}

TEST(ProcessPayloads, SharedMemoryIsUsedAgainAfterACrash)
{
    const auto names = [] {
        const std::filesystem::directory_iterator shared("/dev/shm");
        return std::distance(begin(shared), end(shared));
    };
    const auto before = names();
    cf::process_pool_executor pool(2);
    const auto crash_on = [](const std::string& text, char letter) {
        if (text.front() == letter) {
            std::abort();
        }
        return text + letter;
    };
    for (int round = 0; round != 10; ++round) {
        std::vector<cf::future<std::string>> futures;
        for (int i = 0; i != 8; ++i) {
            futures.push_back(pool.submit(crash_on, std::string(500'000, char('a' + i)), 'e'));
        }
        for (std::size_t i = 0; i != futures.size(); ++i) {
            SCOPED_TRACE(i);
            if (i == 4) {
                EXPECT_THROW(futures[i].result(watchdog), cf::worker_crashed);
            } else {
                EXPECT_EQ(futures[i].result(watchdog), std::string(500'000, char('a' + i)) + 'e');
            }
        }
    }
    EXPECT_EQ(names(), before);
}

TEST(ProcessPayloads, WorkersFreeArgumentsAndResultAfterEachTask)
{
    cf::process_pool_executor pool(1);
    const int number =
        5; // counts the objects of both processes; ours are gone with their statement
    cf::test::counter(number) = 0;
    const auto make_more = [](counted, std::string, int n) {
        std::vector<counted> result;
        result.emplace_back(n);
        result.emplace_back(n);
        return std::pair(std::move(result), cf::test::counter(n).load());
    };
    const auto failing = [](int n, counted, std::string) -> int {
        const counted local(n);
        throw std::out_of_range("x");
    };
    const auto left = [](int n) { return cf::test::counter(n).load(); };
    for (const std::size_t size : {10UL, 500'000UL}) {
        SCOPED_TRACE(size);
        const int most = pool.submit(make_more, counted(number), std::string(size, 'x'), number)
                             .take(watchdog)
                             .second;
        EXPECT_GE(most, 3); // one argument, two in the result
        EXPECT_THROW(
            pool.submit(failing, number, counted(number), std::string(size, 'x')).result(watchdog),
            std::out_of_range);
        EXPECT_EQ(pool.submit(left, number).result(watchdog), 0);
    }
}

TEST(ProcessPayloads, ManyLargeResultsAtOnceDoNotDeadlock)
{
    // cpython#94777: parent and worker both wait for the other to read.
    cf::test::gate release;
    cf::process_pool_executor pool(2);
    keep_from_reading(pool, release);
    std::vector<cf::future<std::string>> futures;
    for (int i = 0; i != 200; ++i) {
        const auto grow = [](std::string s) { return s + s; };
        futures.push_back(pool.submit(grow, std::string(i % 2 == 0 ? 100'000 : 200'000, 'x')));
    }
    release.open();
    for (std::size_t i = 0; i != futures.size(); ++i) {
        EXPECT_EQ(futures[i].result(watchdog).size(), i % 2 == 0 ? 200'000U : 400'000U);
    }
}

TEST(ProcessPayloads, ManySmallTasksBeforeAnyIsReadDoNotDeadlock)
{
    // cpython#105829: the pipe that wakes the manager fills up. A pipe holds 65,536 bytes; many more
    // tasks than that take longer under a sanitizer than a gate may stay closed.
    cf::test::gate release;
    cf::process_pool_executor pool(2);
    keep_from_reading(pool, release);
    std::vector<cf::future<int>> futures;
    constexpr int count = 100'000;
    futures.reserve(count);
    for (int i = 0; i != count; ++i) {
        futures.push_back(pool.submit(square, i % 100));
    }
    release.open();
    long sum = 0;
    for (const auto& future : futures) {
        sum += future.result(watchdog);
    }
    EXPECT_EQ(sum, 328350L * (count / 100));
}

TEST(ProcessMap, YieldsInInputOrderItemByItemAndInChunks)
{
    cf::process_pool_executor pool(2);
    const std::vector<int> numbers{1, 2, 3, 4, 5};
    for (const std::size_t chunk_size : {1UL, 2UL, 100UL}) {
        SCOPED_TRACE(chunk_size);
        std::vector<int> squares;
        for (const int value :
             pool.map({.timeout = watchdog, .chunk_size = chunk_size}, square, numbers)) {
            squares.push_back(value);
        }
        EXPECT_EQ(squares, (std::vector<int>{1, 4, 9, 16, 25}));
    }
}

TEST(ProcessMap, SendsTextAsStrings)
{
    cf::process_pool_executor pool(1);
    const std::vector<const char*> words{"one", "three", "fifteen"};
    const char letters[2][4] = {"abc", "de"};
    const auto length = [](const std::string& word) { return word.size(); };
    for (const std::size_t chunk_size : {1UL, 2UL}) {
        SCOPED_TRACE(chunk_size);
        const cf::map_options options{.timeout = watchdog, .chunk_size = chunk_size};
        std::vector<std::size_t> lengths;
        for (const std::size_t each : pool.map(options, length, words)) {
            lengths.push_back(each);
        }
        for (const std::size_t each : pool.map_unordered(options, length, letters)) {
            lengths.push_back(each);
        }
        std::sort(lengths.begin() + 3, lengths.end());
        EXPECT_EQ(lengths, (std::vector<std::size_t>{3, 5, 7, 2, 3}));
        EXPECT_THROW(pool.map(options, length, std::vector<const char*>{nullptr}),
                     std::invalid_argument);
    }
}

TEST(ProcessMap, KeepsFailuresOfAChunkApart)
{
    cf::process_pool_executor pool(1);
    const auto odd_fails = [](int x) {
        if (x % 2 != 0) {
            throw std::out_of_range("odd");
        }
        return x;
    };
    int values = 0;
    int failures = 0;
    auto results = pool.map(
        {.timeout = watchdog, .chunk_size = 3}, odd_fails, std::vector<int>{1, 2, 3, 4, 5, 6});
    for (auto at = results.begin(); at != results.end(); ++at) {
        try {
            values += *at;
        } catch (const std::out_of_range&) {
            ++failures;
        }
    }
    EXPECT_EQ(values, 12);
    EXPECT_EQ(failures, 3);
}

TEST(ProcessPoolLife, ShutdownRunsWhatWasAccepted)
{
    cf::process_pool_executor pool(1);
    std::vector<cf::future<int>> futures;
    for (int i = 0; i != 100; ++i) {
        futures.push_back(pool.submit(square, i));
    }

    pool.shutdown();

    EXPECT_TRUE(
        std::all_of(futures.begin(), futures.end(), [](const auto& f) { return f.done(); }));
    EXPECT_EQ(futures.back().result(), 99 * 99);
    EXPECT_THROW(pool.submit(square, 1), cf::executor_shut_down);
    pool.shutdown();
}

TEST(ProcessPoolLife, ShutdownCanCancelWhatHasNotBegun)
{
    cf::process_pool_executor pool(1);
    const int started = new_gate();
    const int finish = new_gate();
    auto running = pool.submit(open_and_wait, started, finish);
    auto queued = pool.submit(square, 2);
    pass_gate(started);

    pool.shutdown({.wait = false, .cancel_futures = true});

    EXPECT_TRUE(queued.cancelled());
    EXPECT_FALSE(pool.shutdown_for(0s));
    open_gate(finish);
    EXPECT_GT(running.result(watchdog), 0);
    EXPECT_TRUE(pool.shutdown_for(watchdog));
}

TEST(ProcessPoolLife, WaitIdleAndStatsCount)
{
    cf::process_pool_executor pool(2);
    const int started = new_gate();
    const int finish = new_gate();
    auto running = pool.submit(open_and_wait, started, finish);
    pass_gate(started);

    EXPECT_FALSE(pool.wait_idle(0s));
    EXPECT_TRUE(running.running());
    EXPECT_EQ(pool.stats().running, 1U);
    open_gate(finish);
    EXPECT_TRUE(pool.wait_idle(watchdog));

    const auto stats = pool.stats();
    EXPECT_EQ(stats.finished, 1U);
    EXPECT_EQ(stats.workers, 2U);
    EXPECT_LE(stats.per_worker.size(), 2U); // the other one may be about to start
    EXPECT_EQ(stats.restarts, 0U);
}

TEST(ProcessPoolLife, NoTaskStaysBehindALongOneWhileAWorkerIsIdle)
{
    cf::process_pool_executor pool(2);
    for (int round = 0; round != 5; ++round) {
        SCOPED_TRACE(round);
        for (int i = 0; i != 2000; ++i) {
            pool.submit(square, i); // so that the pool sends many tasks ahead
        }
        EXPECT_TRUE(pool.wait_idle(watchdog));
        const int started = new_gate();
        const int finish = new_gate();
        const int other_started = new_gate();
        const int other_finish = new_gate();
        const auto first = pool.submit(open_and_wait, started, finish);
        const auto second = pool.submit(open_and_wait, other_started, other_finish);
        std::vector<cf::future<int>> behind;
        for (int i = 0; i != 20; ++i) {
            behind.push_back(pool.submit(square, i));
        }
        pass_gate(started);
        pass_gate(other_started);

        // The pool has stopped looking at the two by now, so that it must begin again.
        EXPECT_FALSE(first.wait_for(20ms));
        open_gate(other_finish);
        EXPECT_GT(second.result(watchdog), 0);
        for (const auto& future : behind) {
            EXPECT_GE(future.result(watchdog), 0);
        }
        open_gate(finish);
        EXPECT_GT(first.result(watchdog), 0);
    }
}

TEST(ProcessPoolLife, OptionsAreChecked)
{
    EXPECT_THROW(cf::process_pool_executor(0), std::invalid_argument);
    EXPECT_THROW(cf::process_pool_executor(-1), std::invalid_argument);

    const auto refusal_of = [](const cf::process_pool_options& options) {
        return message_of<std::invalid_argument>([&] { cf::process_pool_executor pool(options); });
    };
    EXPECT_EQ(refusal_of({.max_workers = 10001}),
              "cofutures: max_workers must be from 1 to 10000, got 10001");
    EXPECT_EQ(refusal_of({.max_tasks_per_child = 0}),
              "cofutures: max_tasks_per_child must be at least 1, got 0");
    EXPECT_EQ(refusal_of({.memory_limit = 0}), "cofutures: memory_limit must be at least 1, got 0");
    EXPECT_EQ(refusal_of({.soft_time_limit = -1ns}),
              "cofutures: soft_time_limit must not be negative, got -1 ns");
    EXPECT_EQ(refusal_of({.hard_time_limit = -2us}),
              "cofutures: hard_time_limit must not be negative, got -2000 ns");
    EXPECT_EQ(refusal_of({.kill_after_stop = -1ns}),
              "cofutures: kill_after_stop must not be negative, got -1 ns");
    EXPECT_EQ(refusal_of({.restart_period = -1ns}),
              "cofutures: restart_period must not be negative, got -1 ns");

    cf::process_pool_executor pool(1);
    const auto refusal_of_task = [&](const cf::process::task_options& options) {
        return message_of<std::invalid_argument>([&] { pool.submit(options, square, 2); });
    };
    EXPECT_EQ(refusal_of_task({.soft_time_limit = -1ns}),
              "cofutures: soft_time_limit must not be negative, got -1 ns");
    EXPECT_EQ(refusal_of_task({.hard_time_limit = -1ns}),
              "cofutures: hard_time_limit must not be negative, got -1 ns");
}

TEST(ProcessPoolLife, WorkersRetireAfterTheirShareOfTasks)
{
    cf::process_pool_executor pool({.max_workers = 2, .max_tasks_per_child = 3});
    std::map<pid_t, int> tasks_of;
    for (int i = 0; i != 60; ++i) {
        ++tasks_of[pool.submit(&::getpid).result(watchdog)];
    }

    EXPECT_TRUE(std::all_of(
        tasks_of.begin(), tasks_of.end(), [](const auto& each) { return each.second <= 3; }));
    EXPECT_GE(tasks_of.size(), 20U);
}

TEST(ProcessPoolLife, RetiringWorkersWorkOffABacklog)
{
    // cpython#115634: counting what the workers may still take, instead of workers, loses some.
    cf::process_pool_executor pool({.max_workers = 2, .max_tasks_per_child = 1});
    std::vector<cf::future<pid_t>> futures;
    for (int i = 0; i != cf::test::repetitions(2'000, 10'000); ++i) {
        futures.push_back(pool.submit(&::getpid));
    }

    std::set<pid_t> workers;
    for (const auto& future : futures) {
        workers.insert(future.result(4 * watchdog));
    }
    EXPECT_TRUE(pool.wait_idle(watchdog));
    // A number of a process may come up again, but not soon.
    EXPECT_GT(workers.size(), futures.size() / 2);
    EXPECT_GE(pool.stats().restarts + 2, futures.size());
}

TEST(ProcessPoolLife, RetiringWorkersWorkOffABacklogAfterShutdown)
{
    // cpython#119592: whoever retires last does not replace himself once shutdown was called.
    for (int round = 0; round != 20; ++round) {
        SCOPED_TRACE(round);
        std::vector<cf::future<pid_t>> futures;
        const int finish = new_gate();
        {
            cf::process_pool_executor pool({.max_workers = 2, .max_tasks_per_child = 1});
            const auto held = pool.submit(wait_for, finish);
            for (int i = 0; i != 20; ++i) {
                futures.push_back(pool.submit(&::getpid));
            }
            pool.shutdown({.wait = false});
            EXPECT_THROW(pool.submit(square, 1), cf::executor_shut_down);
            open_gate(finish);
            EXPECT_EQ(held.result(watchdog), finish);
        }
        for (const auto& future : futures) {
            EXPECT_TRUE(future.done());
            EXPECT_GT(future.result(), 0);
        }
    }
}

TEST(ProcessPoolLife, TheInitializerRunsOnceInEveryWorker)
{
    const int number = 1;
    cf::test::counter(number) = 0;
    {
        cf::process_pool_executor pool(
            {.max_workers = 2,
             .initializer =
                 cf::process::call([](int n, int by) { cf::test::counter(n) += by; }, number, 5)});
        for (int i = 0; i != 10; ++i) {
            EXPECT_EQ(pool.submit(square, 2).result(watchdog), 4);
        }
    }
    EXPECT_EQ(cf::test::counter(number), 10);
}

TEST(ProcessPoolStart, EveryMethodGivesWorkingWorkers)
{
    using cf::process::start_method;
    for (const auto method : {start_method::fork_server, start_method::fork, start_method::spawn}) {
        SCOPED_TRACE(static_cast<int>(method));
        cf::process_pool_executor pool({.max_workers = 2, .start_method = method});
        EXPECT_EQ(pool.submit(square, 3).result(watchdog), 9);
        EXPECT_EQ(pool.submit([](std::string s) { return s + "!"; }, "text").result(watchdog),
                  "text!");
        EXPECT_THROW(pool.submit([] { throw std::domain_error("x"); }).result(watchdog),
                     std::domain_error);
    }
}

TEST(ProcessPoolStart, FunctionsAreFoundAtOtherAddresses)
{
    // A new run of the program lies elsewhere in memory, as do its libraries.
    cf::process_pool_executor pool(
        {.max_workers = 1, .start_method = cf::process::start_method::spawn});
    const auto addresses = [] {
        return std::pair(reinterpret_cast<std::uintptr_t>(&square),
                         reinterpret_cast<std::uintptr_t>(&::getpid));
    };

    const auto [own, of_library] = pool.submit(addresses).result(watchdog);
    const pid_t worker = pool.submit(&::getpid).result(watchdog);

    EXPECT_EQ(worker, pool.stats().per_worker.at(0).pid);
    EXPECT_EQ(pool.submit(&twice<int>, 4).result(watchdog), 8);
    EXPECT_EQ(pool.submit(&shape_like::sides, triangle()).result(watchdog), 3);
    if (::personality(0xffffffff) & ADDR_NO_RANDOMIZE) {
        GTEST_SKIP() << "addresses are not randomized here";
    }
    EXPECT_NE(own, addresses().first);
    EXPECT_NE(of_library, addresses().second);
}

TEST(ProcessPoolStart, ManyWorkersStartWithoutWaitingForEachOther)
{
    // Orders to the fork server and its answers fill both directions of their socket.
    cf::process_pool_executor pool({.max_workers = 320, .capture_stderr = false});

    EXPECT_EQ(pool.submit(square, 3).result(watchdog), 9);
    EXPECT_EQ(pool.stats().workers, 320U);
}

TEST(ProcessPoolNesting, APoolOfTheProgramIsRefusedInAWorker)
{
    static cf::process_pool_executor* of_program = nullptr;
    cf::process_pool_executor pool(
        {.max_workers = 1, .start_method = cf::process::start_method::fork_server});
    of_program = &pool;
    // Forked now, so that the worker has the pointer.
    cf::process_pool_executor copy(
        {.max_workers = 1, .start_method = cf::process::start_method::fork});

    const auto misuse = copy.submit([] { of_program->submit(square, 1); });

    EXPECT_THROW(misuse.result(watchdog), cf::wrong_process);
    EXPECT_FALSE(cf::process::in_worker());
    EXPECT_TRUE(pool.submit(&cf::process::in_worker).result(watchdog));
}

namespace {

int nested_sum(int depth)
{
    if (depth == 0) {
        return 1;
    }
    cf::process_pool_executor pool(1);
    return 1 + pool.submit(nested_sum, depth - 1).result(watchdog);
}

} // namespace

TEST(ProcessPoolNesting, ATaskMayHaveAPoolOfItsOwn)
{
    cf::process_pool_executor pool(1);

    EXPECT_EQ(pool.submit(nested_sum, 3).result(watchdog), 4);
    EXPECT_THROW(pool.submit(nested_sum, 12).result(watchdog), cf::wrong_process);
}
