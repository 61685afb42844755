// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "run.hpp"

#include "check.hpp"
#include "common/standard_streams.hpp"
#include "progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <limits>
#include <mutex>
#include <optional>
#include <string_view>

#include <unistd.h>

namespace prime_check {

namespace {

/// Says on standard error why the program ends with a status that is not 0.
void complain(std::string_view problem) noexcept
{
    // Not in one string: making that needs memory, and the lack of it may be what is told.
    common::complain("prime-check: ");
    common::complain(problem);
    common::complain("\n");
}

/// Standard output and the count of verdicts, shared with the thread that waits for Ctrl-C.
class printer {
public:
    void start(bool json) noexcept { json_ = json; }

    void print(const verdict& answer)
    {
        std::lock_guard lock(mutex_);
        ++count_;
        if (json_) {
            write(fmt::format("{}\n    {{\"number\": {}, \"prime\": {}}}",
                              count_ == 1 ? "" : ",",
                              answer.number,
                              answer.is_prime));
        } else {
            write(fmt::format(
                "{} is prime: {}\n", answer.number, answer.is_prime ? "True" : "False"));
        }
        // A reader at the other end of a pipe sees answers come in, at little cost per line; and a
        // disk that is full ends the work, not only its report.
        const auto now = std::chrono::steady_clock::now();
        if (now >= next_flush_) {
            next_flush_ = now + std::chrono::milliseconds(100);
            common::flush(stdout, "standard output");
        }
    }

    void print_text(const std::string& text)
    {
        std::lock_guard lock(mutex_);
        write(text);
    }

    std::uint64_t count() const
    {
        std::lock_guard lock(mutex_);
        return count_;
    }

    /// **Throws** `std::system_error` if not everything could be written, as on a full disk.
    void flush()
    {
        std::lock_guard lock(mutex_);
        common::flush(stdout, "standard output");
    }

    /// Ends the process; called with the lock never given back, so that no half line follows.
    [[noreturn]] void interrupt()
    {
        mutex_.lock();
        std::fflush(stdout);
        std::array<char, 100> line{};
        const auto text = fmt::format_to_n(line.data(),
                                           line.size(),
                                           "\nprime-check: interrupted after {} number{}\n",
                                           count_,
                                           count_ == 1 ? "" : "s");
        common::complain({line.data(), text.size});
        ::_exit(128 + SIGINT); // no destructors: they would wait for the workers
    }

private:
    static void write(const std::string& text) { common::put(stdout, "standard output", text); }

    mutable std::mutex mutex_;
    std::uint64_t count_ = 0;                          // guarded by mutex_
    std::chrono::steady_clock::time_point next_flush_; // guarded by mutex_
    bool json_ = false;                                // set before the first print
};

printer output;

std::string summary(std::uint64_t count, mode executor, const options& chosen, double seconds)
{
    const auto workers = workers_for(executor, chosen);
    return fmt::format("{} number{} checked in {:.3f}s ({}{})\n",
                       count,
                       count == 1 ? "" : "s",
                       seconds,
                       name_of(executor),
                       executor == mode::sequential
                           ? ""
                           : fmt::format(", {} worker{}", workers, workers == 1 ? "" : "s"));
}

/// Tells what ended the input early, if anything did, once the verdicts are out.
int finish(const number_source& numbers)
{
    output.flush();
    if (!numbers.error().empty()) {
        complain(numbers.error());
        return 1;
    }
    return 0;
}

int run_once(const options& chosen)
{
    const auto numbers = open_numbers(chosen);
    progress_bar progress(*numbers);
    const double seconds = check_on(chosen.executor, chosen, *numbers, [&](const verdict& answer) {
        output.print(answer);
        progress.advance(output.count());
    });
    progress.finish();
    if (chosen.json) {
        output.print_text(fmt::format(
            "\n  ],\n  \"executor\": \"{}\",\n  \"workers\": {},\n  \"seconds\": {:.6f}\n}}\n",
            name_of(chosen.executor),
            workers_for(chosen.executor, chosen),
            seconds));
    } else {
        output.print_text(summary(output.count(), chosen.executor, chosen, seconds));
    }
    return finish(*numbers);
}

struct outcome {
    mode executor;
    double seconds;
};

/// Runs every mode, one after another, and keeps the time of those that were faster than before.
///
/// The first run of all prints the verdicts and leaves their checksum in `expected`; the others must
/// come to the same.
int compare_once(const options& chosen,
                 std::array<outcome, 3>& outcomes,
                 std::optional<std::uint64_t>& expected)
{
    for (auto& each : outcomes) {
        const auto numbers = open_numbers(chosen);
        std::uint64_t checksum = 0;
        const double seconds =
            check_on(each.executor, chosen, *numbers, [&](const verdict& answer) {
                checksum = checksum * 31 + answer.number * 2 + (answer.is_prime ? 1 : 0);
                if (!expected) {
                    output.print(answer);
                }
            });
        each.seconds = std::min(each.seconds, seconds);
        if (!expected) {
            expected = checksum;
            if (const int status = finish(*numbers); status != 0) {
                return status;
            }
        } else if (checksum != expected) {
            complain(fmt::format("{} and sequential disagree", name_of(each.executor)));
            return 1;
        }
    }
    return 0;
}

int run_comparison(const options& chosen)
{
    constexpr double unknown = std::numeric_limits<double>::infinity();
    std::array<outcome, 3> outcomes{
        {{mode::sequential, unknown}, {mode::threads, unknown}, {mode::processes, unknown}}};
    std::optional<std::uint64_t> expected;
    // Whatever else the machine does may slow a short run down by half: the best of three counts.
    const int rounds = 3;
    for (int round = 0; round < rounds && (round == 0 || outcomes[0].seconds < 1); ++round) {
        if (const int status = compare_once(chosen, outcomes, expected); status != 0) {
            return status;
        }
    }

    const double sequential = outcomes[0].seconds;
    std::string table =
        chosen.json
            ? "\n  ],\n  \"comparison\": ["
            : fmt::format(
                  "\n{:<12} {:>7} {:>10} {:>9}\n", "executor", "workers", "time", "speed-up");
    for (const auto& each : outcomes) {
        const auto workers = workers_for(each.executor, chosen);
        const double speed_up = each.seconds > 0 ? sequential / each.seconds : 1;
        if (chosen.json) {
            table += fmt::format("{}\n    {{\"executor\": \"{}\", \"workers\": {}, \"seconds\": "
                                 "{:.6f}, \"speed_up\": {:.3f}}}",
                                 each.executor == mode::sequential ? "" : ",",
                                 name_of(each.executor),
                                 workers,
                                 each.seconds,
                                 speed_up);
        } else {
            table += fmt::format("{:<12} {:>7} {:>9.3f}s {:>8.2f}x\n",
                                 name_of(each.executor),
                                 workers,
                                 each.seconds,
                                 speed_up);
        }
    }
    output.print_text(table + (chosen.json ? "\n  ]\n}\n" : ""));
    return finish(number_list({}));
}

} // namespace

int leave(const early_exit& told)
{
    if (told.status != 0) {
        common::complain(told.text);
        return told.status;
    }
    try {
        common::write_out(told.text);
        return 0;
    } catch (const std::exception& problem) {
        complain(problem.what());
        return 1;
    }
}

int run(const options& chosen)
{
    output.start(chosen.json);
    try {
        if (chosen.json) {
            output.print_text("{\n  \"numbers\": [");
        }
        return chosen.compare ? run_comparison(chosen) : run_once(chosen);
    } catch (const std::exception& problem) {
        std::fflush(stdout);
        complain(problem.what());
        return 1;
    }
}

interrupt_watch::interrupt_watch()
{
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    pthread_sigmask(SIG_BLOCK, &interrupt, nullptr);
    waiter_ = std::thread([this, interrupt] {
        int signal = 0;
        sigwait(&interrupt, &signal);
        if (!over_) {
            output.interrupt();
        }
    });
}

interrupt_watch::~interrupt_watch()
{
    over_ = true;
    pthread_kill(waiter_.native_handle(), SIGINT);
    waiter_.join();
}

} // namespace prime_check
