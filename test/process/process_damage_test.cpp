// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// Workers that write over their shared memory, lie to the pool, or have run out of something.

#include <cofutures/process_pool_executor.hpp>
#include <cofutures/wait.hpp>

#include "process/wire.hpp"
#include "shared_gates.hpp"
#include "worker_socket.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace cf = cofutures;
using namespace std::chrono_literals;
using cf::detail::frame_header;
using cf::detail::frame_kind;
using cf::test::new_gate;
using cf::test::open_gate;
using cf::test::pass_gate;

namespace {

constexpr auto watchdog = 20s;

int echo(int x)
{
    return x;
}

std::size_t length(std::string_view text)
{
    return text.size();
}

/// Tiny tasks, after which the pool sends many ahead.
void make_it_send_ahead(cf::process_pool_executor& pool)
{
    for (int i = 0; i != 2000; ++i) {
        pool.submit(echo, i);
    }
    EXPECT_TRUE(pool.wait_idle(watchdog));
}

/// Writes bytes that are no reply of this task, and waits for what the pool does about it.
int send_to_pool(const std::vector<unsigned char>& bytes, bool die)
{
    if (::write(cf::test::worker_socket(), bytes.data(), bytes.size()) < 0) {
        std::abort(); // a test that damages nothing would show nothing
    }
    if (die) {
        ::_exit(1);
    }
    pass_gate(new_gate());
    return 0;
}

std::vector<unsigned char>
bytes_of(const frame_header& header, std::size_t body, std::uint64_t word)
{
    std::vector<unsigned char> bytes(sizeof header + body);
    std::memcpy(bytes.data(), &header, sizeof header);
    for (std::size_t at = 0; at + sizeof word <= body; at += sizeof word) {
        std::memcpy(bytes.data() + sizeof header + at, &word, sizeof word);
    }
    return bytes;
}

struct mapping {
    char* begin = nullptr;
    char* end = nullptr;
};

/// The shared memory that this process has from its pool.
std::vector<mapping> shared_mappings()
{
    std::vector<mapping> found;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        if (line.find("memfd:cofutures") != std::string::npos) {
            char* end = nullptr;
            const auto first = std::strtoull(line.c_str(), &end, 16);
            const auto last = std::strtoull(end + 1, nullptr, 16);
            found.push_back({reinterpret_cast<char*>(first), reinterpret_cast<char*>(last)});
        }
    }
    return found;
}

} // namespace

TEST(ProcessDamage, NoFrameOfAWorkerHarmsMoreThanItsTask)
{
    cf::process_pool_executor pool({.max_workers = 2, .max_restarts = 1'000'000});
    std::mt19937_64 random(20261121); // the same frames in every run
    const auto any = [&](std::initializer_list<std::uint64_t> values) {
        return values.begin()[random() % values.size()];
    };
    for (int round = 0; round != 300; ++round) {
        SCOPED_TRACE(round);
        const std::uint64_t large = random();
        const frame_header header{
            .kind = static_cast<frame_kind>(any({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, large})),
            .flags = static_cast<std::uint32_t>(any({0, 1, 2, 3, 4, 7, large})),
            .sequence = any({0, 1, 2, 3, std::uint64_t(round) / 2, large, ~std::uint64_t{0}}),
            .size = any({0, 8, 16, 24, 64, large, ~std::uint64_t{0}}),
            .run_time = any({0, 1, large, ~std::uint64_t{0}}),
        };
        const std::size_t body = any({0, 1, 16, 24, 64, 4096});
        const auto liar =
            pool.submit(send_to_pool, bytes_of(header, body, any({0, 1, 16, large})), true);
        liar.exception(watchdog); // whether it failed or not: the frame may happen to be right
        if (round % 10 == 0) {
            EXPECT_EQ(pool.submit(echo, round).result(watchdog), round);
        }
    }
    // The pool still has both workers: each of these tasks waits until the other one runs.
    const int first = new_gate();
    const int second = new_gate();
    const auto meet = [](int mine, int other) {
        open_gate(mine);
        pass_gate(other);
    };
    const auto one = pool.submit(meet, first, second);
    pool.submit(meet, second, first).result(watchdog);
    one.result(watchdog);
}

TEST(ProcessDamage, AnEndOfWorkThatThePoolDidNotAskForIsNotBelieved)
{
    for (const frame_kind kind : {frame_kind::revoked, frame_kind::init_failed}) {
        SCOPED_TRACE(static_cast<int>(kind));
        cf::process_pool_executor pool(1);
        const auto lie = pool.submit(send_to_pool, bytes_of({.kind = kind}, 0, 0), false);

        EXPECT_THROW(lie.result(watchdog), cf::codec_error);
        EXPECT_EQ(pool.submit(echo, 4).result(watchdog), 4);
    }
}

TEST(ProcessDamage, AWorkerThatWritesOverItsSharedMemoryFailsItsTaskOnly)
{
    for (const int fill : {0x5a, 0xff}) {
        for (const bool die : {true, false}) {
            SCOPED_TRACE(testing::Message() << fill << (die ? " and dies" : ""));
            cf::process_pool_executor pool(1);
            const auto scribble = [](int byte, bool dies) {
                for (const mapping& each : shared_mappings()) {
                    std::memset(each.begin, byte, static_cast<std::size_t>(each.end - each.begin));
                }
                if (dies) {
                    std::abort();
                }
                return 6;
            };
            const auto task = pool.submit(scribble, fill, die);

            ASSERT_TRUE(task.wait_for(watchdog));
            EXPECT_EQ(task.exception() != nullptr, die);
            EXPECT_EQ(pool.submit(echo, 4).result(watchdog), 4);
            EXPECT_LE(pool.stats().running, 1U);
        }
    }
}

#if !defined(__SANITIZE_ADDRESS__) // whose check of vtables needs descriptors of its own
TEST(ProcessDamage, AWorkerWithoutFreeDescriptorsIsReplacedAndItsCallRunsElsewhere)
{
    cf::process_pool_executor pool({.max_workers = 1, .max_restarts = 0});
    const auto leak = [] {
        while (::open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0) {
        }
        return ::getpid();
    };
    const pid_t leaky = pool.submit(leak).result(watchdog);
    const auto by_whom = [](std::string_view text) { return std::pair(text.size(), ::getpid()); };

    const auto [size, pid] = pool.submit(by_whom, std::string(1'000'000, 'x')).result(watchdog);

    EXPECT_EQ(size, 1'000'000U);
    EXPECT_NE(pid, leaky);
    EXPECT_EQ(pool.stats().restarts, 1U);
}
#endif

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(ProcessDamage, ACallThatDoesNotFitIntoTheMemoryLimitFailsAlone)
{
    cf::process_pool_executor pool(
        {.max_workers = 1, .memory_limit = std::size_t{32} << 20, .max_restarts = 2});
    const std::string large(std::size_t{100} << 20, 'x');

    const auto call = pool.submit(length, large);
    const auto result =
        pool.submit([] { return std::vector<std::string>(50, std::string(500'000, 'y')); });

    EXPECT_THROW(call.result(watchdog), cf::memory_limit_exceeded);
    EXPECT_THROW(result.result(watchdog), cf::memory_limit_exceeded);
    EXPECT_EQ(pool.submit(length, std::string(1'000'000, 'x')).result(watchdog), 1'000'000U);
}
#endif

TEST(ProcessDamage, AForkServerWithoutFreeDescriptorsBreaksThePool)
{
    cf::process_pool_executor pool({.max_workers = 1,
                                    .start_method = cf::process::start_method::fork,
                                    .restart_period = 500ms});
    const pid_t server = pool.submit(&::getppid).result(watchdog);
    const rlimit none_left{5, 5};
    ASSERT_EQ(::prlimit(server, RLIMIT_NOFILE, &none_left, nullptr), 0);

    const auto crash = pool.submit([] { std::abort(); });
    EXPECT_THROW(crash.result(watchdog), cf::worker_crashed);
    const auto next = [&]() -> std::exception_ptr {
        try {
            return pool.submit(echo, 1).exception(watchdog);
        } catch (...) {
            return std::current_exception();
        }
    };

    EXPECT_THROW(std::rethrow_exception(next()), cf::broken_process_pool);
}

TEST(ProcessDamage, ATaskThatFloodsStandardErrorCanBeKilled)
{
    // The pool passes on what workers write, to somebody who reads more slowly than they write.
    int slow[2];
    ASSERT_EQ(::pipe2(slow, O_CLOEXEC), 0);
    std::thread reader([&slow] {
        char one = 0;
        while (::read(slow[0], &one, 1) > 0) {
        }
    });
    const int saved = ::dup(STDERR_FILENO);
    ::dup2(slow[1], STDERR_FILENO);
    ::close(slow[1]);
    std::exception_ptr end;
    {
        cf::process_pool_executor pool({.max_workers = 1, .hard_time_limit = 100ms});
        const auto flood = [] {
            const std::string text(65536, '!');
            while (::write(STDERR_FILENO, text.data(), text.size()) > 0) {
            }
        };
        end = pool.submit(flood).exception(watchdog);
    }
    ::dup2(saved, STDERR_FILENO);
    ::close(saved);
    reader.join();
    ::close(slow[0]);

    EXPECT_THROW(std::rethrow_exception(end), cf::task_timed_out);
}

TEST(ProcessDamage, CancelledLargeCallsDoNotStayMappedInTheWorker)
{
    cf::process_pool_executor pool(1);
    make_it_send_ahead(pool);
    const int started = new_gate();
    const int finish = new_gate();
    const auto busy = pool.submit(
        [](int begun, int end) {
            open_gate(begun);
            pass_gate(end);
        },
        started,
        finish);
    std::vector<cf::future<std::size_t>> large;
    for (int i = 0; i != 100; ++i) {
        large.push_back(pool.submit(length, std::string(200'000, 'x')));
    }
    pass_gate(started);
    for (const auto& future : large) {
        EXPECT_TRUE(future.cancel());
    }
    open_gate(finish);
    busy.result(watchdog);

    const auto count = [] { return shared_mappings().size(); };
    // The status page and what is kept for the next call.
    EXPECT_LE(pool.submit(count).result(watchdog), 1 + cf::detail::most_kept_slabs);
}
