// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// What workers write to standard error, on its way to the program's.

#include <cofutures/process_pool_executor.hpp>

#include "process/stderr_relay.hpp"
#include "process/worker_link.hpp"
#include "shared_gates.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace cf = cofutures;
using namespace std::chrono_literals;
using cf::detail::line_splitter;
using cf::detail::stderr_relay;
using cf::test::new_gate;
using cf::test::open_gate;
using cf::test::pass_gate;

namespace {

constexpr auto watchdog = 20s;

int echo(int x)
{
    return x;
}

void say(const std::string& text)
{
    static_cast<void>(!::write(STDERR_FILENO, text.data(), text.size()));
}

/// A pipe that holds one page.
class small_pipe {
public:
    small_pipe()
    {
        EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0);
        ::fcntl(ends_[1], F_SETPIPE_SZ, 4096);
    }
    small_pipe(const small_pipe&) = delete;
    small_pipe& operator=(const small_pipe&) = delete;
    ~small_pipe()
    {
        close_writer();
        ::close(ends_[0]);
    }

    int writer() const noexcept { return ends_[1]; }

    void close_writer()
    {
        if (ends_[1] >= 0) {
            ::close(ends_[1]);
            ends_[1] = -1;
        }
    }

    /// What there is, up to `most` bytes; empty at the end, or when nothing comes for too long.
    std::string read(std::size_t most = 4096)
    {
        std::string text(most, '\0');
        pollfd polled{ends_[0], POLLIN, 0};
        if (::poll(&polled, 1, 20'000) != 1) {
            ADD_FAILURE() << "nothing came";
            return {};
        }
        const ssize_t size = ::read(ends_[0], text.data(), text.size());
        text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return text;
    }

    std::string read_to_end()
    {
        std::string all;
        for (std::string some; !(some = read()).empty();) {
            all += some;
        }
        return all;
    }

private:
    std::array<int, 2> ends_{};
};

/// While it lives, standard error goes into a pipe.
class stderr_in_pipe {
public:
    stderr_in_pipe() : former_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3))
    {
        ::dup2(pipe.writer(), STDERR_FILENO);
        pipe.close_writer();
    }
    stderr_in_pipe(const stderr_in_pipe&) = delete;
    stderr_in_pipe& operator=(const stderr_in_pipe&) = delete;
    ~stderr_in_pipe() { restore(); }

    void restore()
    {
        if (former_ >= 0) {
            ::dup2(former_, STDERR_FILENO);
            ::close(former_);
            former_ = -1;
        }
    }

    small_pipe pipe;

private:
    int former_;
};

/// Waits until a further write would wait.
void wait_until_full(int writer)
{
    const auto end = std::chrono::steady_clock::now() + watchdog;
    for (pollfd polled{writer, POLLOUT, 0}; ::poll(&polled, 1, 0) != 0;) {
        ASSERT_LT(std::chrono::steady_clock::now(), end);
        std::this_thread::yield();
    }
}

} // namespace

TEST(ProcessStderr, ThatNobodyReadsHoldsUpNeitherResultsNorLimitsNorTheEnd)
{
    stderr_in_pipe unread;
    cf::process_pool_executor pool(2);
    const auto flood = [] {
        for (;;) {
            say("still at it\n");
        }
    };
    const auto loud = pool.submit(cf::process::task_options{.hard_time_limit = 300ms}, flood);
    wait_until_full(STDERR_FILENO);

    for (int i = 0; i != 10; ++i) {
        ASSERT_EQ(pool.submit(echo, i).result(watchdog), i);
    }
    EXPECT_THROW(loud.result(watchdog), cf::task_timed_out);
    EXPECT_EQ(pool.submit(echo, 11).result(watchdog), 11);
    EXPECT_TRUE(pool.shutdown_for(watchdog));
}

TEST(ProcessStderr, ArrivesWholeAtTheEndOfThePoolIfSomebodyReads)
{
    stderr_in_pipe captured;
    std::string expected;
    for (int i = 0; i != 1000; ++i) {
        expected += "this is line number " + std::to_string(i) + "\n";
    }
    std::string received;
    std::thread reader;
    {
        cf::process_pool_executor pool(1);
        pool.submit(say, expected).result(watchdog); // while nobody reads
        reader = std::thread([&] { received = captured.pipe.read_to_end(); });
    }
    captured.restore();
    reader.join();

    EXPECT_TRUE(received == expected)
        << received.size() << " bytes, beginning " << received.substr(0, 200);
}

TEST(ProcessStderr, LinesOfSeveralWorkersAreNotTorn)
{
    stderr_in_pipe captured;
    cf::process_pool_executor pool(2);
    const auto in_two_parts = [](int begun, int go_on) {
        say("the beginning of a line ");
        open_gate(begun);
        pass_gate(go_on);
        say("and its end\n");
    };
    for (int round = 0; round != 50; ++round) {
        const auto start = std::chrono::steady_clock::now();
        const int begun = new_gate();
        const int go_on = new_gate();
        const auto task = pool.submit(in_two_parts, begun, go_on);
        pass_gate(begun);
        pool.submit(say, "another worker's line\n").result(watchdog);
        open_gate(go_on);
        task.result(watchdog);
        std::string received;
        while (std::count(received.begin(), received.end(), '\n') != 2) {
            const std::string some = captured.pipe.read();
            ASSERT_FALSE(some.empty());
            received += some;
        }
        // On a busy machine the end may come too late to be waited for.
        if (std::chrono::steady_clock::now() - start < cf::detail::longest_pause_in_line) {
            EXPECT_NE(received.find("the beginning of a line and its end\n"), std::string::npos)
                << received;
            return;
        }
    }
    ADD_FAILURE() << "all rounds took too long";
}

TEST(ProcessStderr, ALineWithoutAnEndIsShownWhileItsTaskWaits)
{
    stderr_in_pipe captured;
    cf::process_pool_executor pool(1);
    const int finish = new_gate();
    const auto task = pool.submit(
        [](int gate) {
            say("first line\nworking ... ");
            pass_gate(gate);
            say("done");
            ::_exit(0);
        },
        finish);
    std::string received;
    while (received.size() < 23) {
        const std::string some = captured.pipe.read();
        ASSERT_FALSE(some.empty());
        received += some;
    }
    EXPECT_EQ(received, "first line\nworking ... ");

    open_gate(finish);
    EXPECT_THROW(task.result(watchdog), cf::worker_crashed);
    EXPECT_EQ(captured.pipe.read(), "done\n"); // another worker's line begins on a line of its own
}

TEST(ProcessStderr, OfAWorkerThatWaitsForAReaderIsInItsCrashReport)
{
    stderr_in_pipe unread;
    cf::process_pool_executor pool(1);
    const auto crash = pool.submit([] {
        for (int i = 0; i != 5000; ++i) {
            say("something to fill all pipes on the way, so that nothing is read any more\n");
            if (i == 1500) {
                say("last words\n");
                std::abort();
            }
        }
    });
    try {
        crash.result(watchdog);
        ADD_FAILURE() << "nothing was thrown";
    } catch (const cf::worker_crashed& e) {
        EXPECT_NE(e.stderr_tail().find("last words\n"), std::string::npos) << e.stderr_tail();
    }
}

TEST(ProcessLineSplitter, KeepsTheBeginningOfALineUntilItsEndComes)
{
    line_splitter lines;
    EXPECT_EQ(lines.add("one\ntwo\nthr"), "one\ntwo\n");
    EXPECT_TRUE(lines.has_rest());
    EXPECT_EQ(lines.add("ee"), "");
    EXPECT_EQ(lines.add("\n"), "three\n");
    EXPECT_FALSE(lines.has_rest());
    EXPECT_EQ(lines.add("four"), "");
    EXPECT_EQ(lines.take_rest(), "four");
    EXPECT_FALSE(lines.has_rest());
    EXPECT_EQ(lines.add("\n"), "\n");
}

TEST(ProcessLineSplitter, PassesOnVeryLongLinesInPieces)
{
    line_splitter lines;
    const std::string half(line_splitter::longest_line / 2, 'x');
    EXPECT_EQ(lines.add(half), "");
    EXPECT_EQ(lines.add(half), half + half);
    EXPECT_FALSE(lines.has_rest());
}

TEST(ProcessStderrRelay, KeepsABoundedAmountAndSaysWhatItDropped)
{
    small_pipe pipe;
    std::counting_semaphore<> changes(0);
    stderr_relay relay(pipe.writer(), [&] { changes.release(); });
    const std::string line = std::string(999, 'x') + "\n";

    for (std::size_t size = 0; size < stderr_relay::enough + 8192; size += line.size()) {
        relay.put(line);
    }
    EXPECT_FALSE(relay.has_room());
    const std::size_t much = 3 * stderr_relay::too_much;
    for (std::size_t size = 0; size < much; size += line.size()) {
        relay.put(line);
    }
    std::string received;
    std::thread reader([&] { received = pipe.read_to_end(); });
    while (!relay.is_idle()) {
        ASSERT_TRUE(changes.try_acquire_for(watchdog));
    }
    EXPECT_TRUE(relay.has_room());
    relay.put("the end\n");
    while (!relay.is_idle()) {
        ASSERT_TRUE(changes.try_acquire_for(watchdog));
    }
    relay.close();
    pipe.close_writer();
    reader.join();

    EXPECT_LE(received.size(), stderr_relay::too_much + 8192);
    EXPECT_NE(received.find("\ncofutures: "), std::string::npos);
    EXPECT_NE(received.find(" bytes of the standard error of dead workers were dropped"),
              std::string::npos);
    EXPECT_TRUE(received.ends_with("\nthe end\n"));
}

TEST(ProcessStderrRelay, EndsWithoutAReader)
{
    // Never closed: the relay's thread is left alone, and may still look at the descriptor.
    static small_pipe& pipe = *new small_pipe;
    stderr_relay relay(pipe.writer(), nullptr);
    relay.put(std::string(10'000, 'x') + "\n");
    wait_until_full(pipe.writer());

    EXPECT_FALSE(relay.is_idle());
    relay.close();
}
