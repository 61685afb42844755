// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

// What does a task cost in another process, compared with Python's two process pools? All contenders take
// turns within each round, so that a machine whose speed drifts is as unfair to one as to the others.

#include <cofutures/process/init.hpp>
#include <cofutures/process_pool_executor.hpp>

#include "primality.hpp"
#include "python_peer.hpp"
#include "workload.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <ranges>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

namespace cf = cofutures;

namespace {

constexpr std::array<std::uint64_t, 6> six_numbers{112272535095293,
                                                   112582705942171,
                                                   112272535095293,
                                                   115280095190773,
                                                   115797848077099,
                                                   1099726899285419};

void expect(bool right)
{
    if (!right) {
        throw std::runtime_error("wrong result");
    }
}

cf::process_pool_executor& warm_pool()
{
    static cf::process_pool_executor pool(workload::workers);
    return pool;
}

template <typename Function>
double seconds(Function function)
{
    const auto begun = std::chrono::steady_clock::now();
    function();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

// Ours, scenario by scenario; each returns the seconds that `count` operations took.

double submit_all(std::size_t count)
{
    return seconds([count] {
        std::vector<cf::future<std::uint64_t>> futures;
        futures.reserve(count);
        for (std::uint64_t n = 0; n != count; ++n) {
            futures.push_back(warm_pool().submit(workload::task, n));
        }
        std::uint64_t sum = 0;
        for (const auto& future : futures) {
            sum += future.result();
        }
        expect(sum == workload::expected(count));
    });
}

template <std::size_t ChunkSize>
double map_all(std::size_t count)
{
    return seconds([count] {
        const auto inputs = std::views::iota(std::uint64_t{0}, std::uint64_t{count});
        std::uint64_t sum = 0;
        for (const auto value :
             warm_pool().map({.chunk_size = ChunkSize}, workload::task, inputs)) {
            sum += value;
        }
        expect(sum == workload::expected(count));
    });
}

double one_by_one(std::size_t count)
{
    return seconds([count] {
        for (std::uint64_t n = 0; n != count; ++n) {
            expect(warm_pool().submit(workload::task, n).result() == workload::task(n));
        }
    });
}

std::string echo(std::string payload)
{
    return payload;
}

double there_and_back(std::size_t bytes)
{
    const std::string payload(bytes, '\0');
    return seconds(
        [&] { expect(warm_pool().submit(echo, payload).result().size() == payload.size()); });
}

double start_a_pool(std::size_t)
{
    std::optional<cf::process_pool_executor> pool;
    return seconds([&pool] {
        pool.emplace(workload::workers);
        const auto first = pool->submit(workload::task, 0U);
        pool->submit(workload::task, 1U).wait();
        first.wait();
    });
}

void die()
{
    ::kill(::getpid(), SIGKILL);
}

double survive_a_crash(std::size_t)
{
    cf::process_pool_executor pool(1);
    pool.submit(workload::task, 1U).wait();
    return seconds([&pool] {
        try {
            pool.submit(die).result();
            expect(false);
        } catch (const cf::worker_crashed&) {
            expect(pool.submit(workload::task, 1U).result() == workload::task(1));
        }
    });
}

double check_primes(std::size_t)
{
    return seconds([] {
        std::size_t primes = 0;
        for (const bool prime : warm_pool().map(prime_check::is_prime_by_trial, six_numbers)) {
            primes += prime ? 1U : 0U;
        }
        expect(primes == 5);
    });
}

struct scenario {
    const char* title;
    const char* target;
    const char* unit;
    double per_second_of; ///< 0: the figure is a rate; otherwise the unit's number in a second
    double (*ours)(std::size_t count);
    std::size_t count;
    const char* theirs; ///< its name in process_pools.py
    std::size_t their_count;
};

constexpr std::size_t mib = std::size_t{1} << 20;

constexpr scenario scenarios[] = {
    {"submit, trivial task", ">= 800", "k/s", 0, submit_all, 200'000, "submit", 4'000},
    {"map, chunks of 1", ">= 1000", "k/s", 0, map_all<1>, 200'000, "map1", 4'000},
    {"map, chunks of 100", ">= 20000", "k/s", 0, map_all<100>, 2'000'000, "map100", 200'000},
    {"submit to result, idle pool", "<= 60", "us", 1e6, one_by_one, 1'000, "latency", 300},
    {"1 MiB there and back", "<= 0.4", "ms", 1e3, there_and_back, mib, "payload", mib},
    {"64 MiB there and back", "<= 45", "ms", 1e3, there_and_back, 64 * mib, "payload", 64 * mib},
    {"start, first results", "<= 1.5", "ms", 1e3, start_a_pool, 1, "start", 1},
    {"crash to next result", "<= 0.9", "ms", 1e3, survive_a_crash, 1, "crash", 1},
    {"the six primes", "<= 28", "ms", 1e3, check_primes, 1, "primes", 1},
};

double figure(const scenario& what, double seconds, std::size_t count)
{
    // A payload's count is its size, of which one is sent.
    const auto operations = what.ours == there_and_back ? 1.0 : static_cast<double>(count);
    return what.per_second_of == 0 ? operations / seconds / 1000
                                   : seconds / operations * what.per_second_of;
}

std::string median_and_spread(std::vector<double> figures)
{
    if (figures.empty()) {
        return "-";
    }
    std::sort(figures.begin(), figures.end());
    char text[64];
    std::snprintf(text,
                  sizeof text,
                  "%.4g (%.4g-%.4g)",
                  figures[figures.size() / 2],
                  figures.front(),
                  figures.back());
    return text;
}

void compare(const scenario& what, std::size_t rounds, bench::python_peer* python)
{
    std::vector<double> ours;
    std::vector<double> executor;
    std::vector<double> pool;
    const auto ask = [&](std::vector<double>& figures, const char* contender) {
        if (python != nullptr) {
            const double taken = python->measure(contender, what.theirs, what.their_count);
            figures.push_back(figure(what, taken, what.their_count));
        }
    };
    what.ours(std::min(what.count, std::size_t{1000})); // warm
    for (std::size_t round = 0; round != rounds; ++round) {
        ours.push_back(figure(what, what.ours(what.count), what.count));
        ask(executor, "executor");
        ask(pool, "pool");
    }
    std::printf("%-28s %-4s %-24s %-24s %-24s %s\n",
                what.title,
                what.unit,
                median_and_spread(ours).c_str(),
                median_and_spread(executor).c_str(),
                median_and_spread(pool).c_str(),
                what.target);
    std::fflush(stdout);
}

struct options {
    std::regex filter{".*"};
    std::size_t rounds = 9;
};

options read(int argc, char** argv)
{
    options wanted;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        const auto value = argument.substr(argument.find('=') + 1);
        if (argument.starts_with("--benchmark_filter=")) {
            wanted.filter = std::regex(value);
        } else if (argument.starts_with("--benchmark_repetitions=")) {
            wanted.rounds = std::stoul(value);
        } else if (!argument.starts_with("--benchmark_")) { // the rest is for the other benchmarks
            throw std::invalid_argument(
                "'" + argument +
                "': expected --benchmark_filter=REGEX or --benchmark_repetitions=N");
        }
    }
    return wanted;
}

} // namespace

int main(int argc, char** argv)
{
    cf::process::init(argc, argv);
    try {
        const options wanted = read(argc, argv);
        std::optional<bench::python_peer> python;
        try {
            python.emplace(PROCESS_POOLS_SCRIPT);
        } catch (const std::exception& e) {
            std::printf("without Python: %s\n", e.what());
        }
        std::printf("Median (least-most) of %zu rounds, %zu workers each; %s\n\n",
                    wanted.rounds,
                    workload::workers,
                    python ? python->version().c_str() : "");
        std::printf("%-28s %-4s %-24s %-24s %-24s %s\n",
                    "",
                    "",
                    "cofutures",
                    "ProcessPoolExecutor",
                    "multiprocessing.Pool",
                    "target");
        for (const scenario& each : scenarios) {
            if (std::regex_search(each.title, wanted.filter)) {
                compare(each, wanted.rounds, python ? &*python : nullptr);
            }
        }
    } catch (const std::exception& e) {
        std::fprintf(stderr, "process_bench: %s\n", e.what());
        return 1;
    }
}
