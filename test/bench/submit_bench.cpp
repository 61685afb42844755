// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

// What does it cost to run a small task on two threads and get its result, compared with the ways Asio
// itself offers and with the standard library's?

#include <cofutures/as_completed.hpp>
#include <cofutures/thread_pool_executor.hpp>
#include <cofutures/when_all.hpp>

#include "workload.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdint>
#include <future>
#include <vector>

namespace cf = cofutures;
namespace asio = boost::asio;

namespace {

/// Runs `batch(count)`, which returns the sum of the results, and refuses a wrong one.
template <typename Batch>
void measure(benchmark::State& state, Batch batch)
{
    const auto count = static_cast<std::uint64_t>(state.range(0));
    const auto expected = workload::expected(count);
    batch(std::uint64_t{1000}); // warm: threads exist, memory is mapped
    for (auto _ : state) {
        if (batch(count) != expected) {
            state.SkipWithError("wrong sum");
            break;
        }
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

/// Submits all, then collects all.
template <typename Future, typename Submit, typename Get>
auto all_then_all(Submit submit, Get get)
{
    return [submit, get](std::uint64_t count) {
        std::vector<Future> futures;
        futures.reserve(count);
        for (std::uint64_t n = 0; n != count; ++n) {
            futures.push_back(submit(n));
        }
        std::uint64_t sum = 0;
        for (auto& future : futures) {
            sum += get(future);
        }
        return sum;
    };
}

const auto get_std = [](std::future<std::uint64_t>& future) { return future.get(); };
const auto get_ours = [](cf::future<std::uint64_t>& future) { return future.result(); };

void submit_and_get_asio_post_without_result(benchmark::State& state)
{
    asio::thread_pool pool(workload::workers);
    measure(state, [&](std::uint64_t count) {
        std::atomic<std::uint64_t> sum{0};
        std::atomic<std::uint64_t> left{count};
        for (std::uint64_t n = 0; n != count; ++n) {
            asio::post(pool, [&, n] {
                sum.fetch_add(workload::task(n), std::memory_order_relaxed);
                if (left.fetch_sub(1, std::memory_order_acq_rel) == 1) {
                    left.notify_one();
                }
            });
        }
        for (auto now = left.load(); now != 0; now = left.load()) {
            left.wait(now);
        }
        return sum.load();
    });
}

void submit_and_get_asio_use_future(benchmark::State& state)
{
    asio::thread_pool pool(workload::workers);
    measure(state,
            all_then_all<std::future<std::uint64_t>>(
                [&](std::uint64_t n) {
                    return asio::post(pool, asio::use_future([n] { return workload::task(n); }));
                },
                get_std));
}

void submit_and_get_asio_packaged_task(benchmark::State& state)
{
    asio::thread_pool pool(workload::workers);
    measure(state,
            all_then_all<std::future<std::uint64_t>>(
                [&](std::uint64_t n) {
                    return asio::post(pool, std::packaged_task<std::uint64_t()>([n] {
                                          return workload::task(n);
                                      }));
                },
                get_std));
}

void submit_and_get_cofutures(benchmark::State& state)
{
    cf::thread_pool_executor pool({.max_workers = workload::workers});
    measure(state,
            all_then_all<cf::future<std::uint64_t>>(
                [&](std::uint64_t n) { return pool.submit(workload::task, n); }, get_ours));
}

void as_completed_cofutures(benchmark::State& state)
{
    cf::thread_pool_executor pool({.max_workers = workload::workers});
    measure(state, [&](std::uint64_t count) {
        std::vector<cf::future<std::uint64_t>> futures;
        futures.reserve(count);
        for (std::uint64_t n = 0; n != count; ++n) {
            futures.push_back(pool.submit(workload::task, n));
        }
        std::uint64_t sum = 0;
        for (const auto done : cf::as_completed(futures)) {
            sum += done.result();
        }
        return sum;
    });
}

void ping_pong_asio_use_future(benchmark::State& state)
{
    asio::thread_pool pool(workload::workers);
    measure(state, [&](std::uint64_t count) {
        std::uint64_t sum = 0;
        for (std::uint64_t n = 0; n != count; ++n) {
            sum += asio::post(pool, asio::use_future([n] { return workload::task(n); })).get();
        }
        return sum;
    });
}

void ping_pong_cofutures(benchmark::State& state)
{
    cf::thread_pool_executor pool({.max_workers = workload::workers});
    measure(state, [&](std::uint64_t count) {
        std::uint64_t sum = 0;
        for (std::uint64_t n = 0; n != count; ++n) {
            sum += pool.submit(workload::task, n).result();
        }
        return sum;
    });
}

void map_in_chunks_of_64_cofutures(benchmark::State& state)
{
    cf::thread_pool_executor pool({.max_workers = workload::workers});
    measure(state, [&](std::uint64_t count) {
        std::vector<std::uint64_t> inputs(count);
        for (std::uint64_t n = 0; n != count; ++n) {
            inputs[n] = n;
        }
        std::uint64_t sum = 0;
        for (const std::uint64_t result : pool.map({.chunk_size = 64}, workload::task, inputs)) {
            sum += result;
        }
        return sum;
    });
}

} // namespace

BENCHMARK(submit_and_get_asio_post_without_result)->ArgName("tasks")->Arg(100'000)->UseRealTime();
BENCHMARK(submit_and_get_asio_use_future)->ArgName("tasks")->Arg(100'000)->UseRealTime();
BENCHMARK(submit_and_get_asio_packaged_task)->ArgName("tasks")->Arg(100'000)->UseRealTime();
BENCHMARK(submit_and_get_cofutures)->ArgName("tasks")->Arg(100'000)->UseRealTime();
BENCHMARK(as_completed_cofutures)->ArgName("tasks")->Arg(100'000)->UseRealTime();
BENCHMARK(map_in_chunks_of_64_cofutures)->ArgName("tasks")->Arg(100'000)->UseRealTime();
BENCHMARK(ping_pong_asio_use_future)->ArgName("tasks")->Arg(10'000)->UseRealTime();
BENCHMARK(ping_pong_cofutures)->ArgName("tasks")->Arg(10'000)->UseRealTime();

BENCHMARK_MAIN();
