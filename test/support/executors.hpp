// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The executors that the contract tests run on, each with what a test needs to hold it still.
///
/// A *harness* owns an executor and has:
///
///     executor()            the executor; every executor_like will do
///     call(f)               what to submit so that `f` runs on it: `f`, or a coroutine that calls it
///     occupy()              from now on what is submitted stays queued …
///     go()                  … until this is called; a test that submits calls it before it waits
///     queues                whether occupy() can do that
///     runs_by_itself        whether queued tasks run without the thread that waits for them
///     workers               how many tasks run at a time
///
/// A harness for the process pool can join the tests that submit captureless functions only.

#include <cofutures/asio/io_context_executor.hpp>
#include <cofutures/inline_executor.hpp>
#include <cofutures/manual_executor.hpp>
#include <cofutures/thread_pool_executor.hpp>

#include "support/gate.hpp"

#include <gtest/gtest.h>

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace cofutures::test {

/// Keeps all workers of an executor busy until released.
class occupation {
public:
    template <typename Submit>
    occupation(std::size_t workers, Submit submit)
    {
        for (std::size_t n = 0; n != workers; ++n) {
            auto& begun = *begun_.emplace_back(std::make_unique<gate>());
            busy_.push_back(submit([&begun, this] {
                begun.open();
                may_end_.wait();
            }));
        }
        for (const auto& begun : begun_) {
            begun->wait();
        }
    }
    occupation(const occupation&) = delete;
    occupation& operator=(const occupation&) = delete;
    ~occupation() { release(); }

    /// Returns when the workers are on their way to the next task.
    void release()
    {
        may_end_.open();
        for (const auto& task : busy_) {
            task.wait();
        }
    }

private:
    gate may_end_;
    std::vector<std::unique_ptr<gate>> begun_;
    std::vector<future<void>> busy_;
};

template <std::size_t Workers>
class thread_pool_harness {
public:
    static constexpr bool queues = true;
    static constexpr bool runs_by_itself = true;
    static constexpr std::size_t workers = Workers;

    thread_pool_executor& executor() { return pool_; }

    template <typename Function>
    Function call(Function function) const
    {
        return function;
    }

    void occupy()
    {
        occupation_ = std::make_unique<occupation>(
            Workers, [this](auto f) { return pool_.submit(std::move(f)); });
    }
    void go() { occupation_.reset(); }

private:
    thread_pool_executor pool_{Workers};
    std::unique_ptr<occupation> occupation_; // ends before the pool is destroyed
};

class inline_harness {
public:
    static constexpr bool queues = false;
    static constexpr bool runs_by_itself = false;
    static constexpr std::size_t workers = 1;

    inline_executor& executor() { return executor_; }

    template <typename Function>
    Function call(Function function) const
    {
        return function;
    }

    void occupy() {}
    void go() {}

private:
    inline_executor executor_;
};

/// A thread of its own steps the executor once the test says go.
class manual_harness {
public:
    static constexpr bool queues = true;
    static constexpr bool runs_by_itself = false;
    static constexpr std::size_t workers = 1;

    ~manual_harness() { join(); }

    manual_executor& executor() { return executor_; }

    template <typename Function>
    Function call(Function function) const
    {
        return function;
    }

    void occupy() { join(); }
    void go()
    {
        join();
        hand_ = std::thread([this] { executor_.drain(); });
    }

private:
    void join()
    {
        if (hand_.joinable()) {
            hand_.join();
        }
    }

    manual_executor executor_;
    std::thread hand_;
};

/// Makes a coroutine of a plain call.
template <typename Function>
class as_coroutine {
public:
    explicit as_coroutine(Function function) : function_(std::move(function)) {}

    template <typename... Args>
        requires std::invocable<Function&, Args...>
            boost::asio::awaitable<std::invoke_result_t<Function&, Args...>>
    operator()(Args... args) { co_return std::invoke(function_, std::move(args)...); }

    friend bool operator==(const as_coroutine& coroutine, std::nullptr_t) requires
        requires(const Function& function)
    {
        function == nullptr;
    }
    {
        return coroutine.function_ == nullptr;
    }

private:
    Function function_;
};

/// Coroutines on one thread of an io_context.
class coroutine_harness {
public:
    static constexpr bool queues = true;
    static constexpr bool runs_by_itself = true;
    static constexpr std::size_t workers = 1;

    io_context_executor& executor() { return executor_; }

    template <typename Function>
    auto call(Function function) const
    {
        return as_coroutine<std::decay_t<Function>>(std::move(function));
    }

    void occupy()
    {
        occupation_ = std::make_unique<occupation>(
            1, [this](auto f) { return executor_.submit(call(std::move(f))); });
    }
    void go() { occupation_.reset(); }

private:
    io_context_executor executor_;
    std::unique_ptr<occupation> occupation_;
};

/// Plain calls on the pool beside an io_context.
class io_context_harness {
public:
    static constexpr bool queues = true;
    static constexpr bool runs_by_itself = true;
    static constexpr std::size_t workers = 32; // at most

    io_context_executor& executor() { return executor_; }

    template <typename Function>
    Function call(Function function) const
    {
        return function;
    }

    void occupy()
    {
        occupation_ =
            std::make_unique<occupation>(thread_pool_executor().max_workers(),
                                         [this](auto f) { return executor_.submit(std::move(f)); });
    }
    void go() { occupation_.reset(); }

private:
    io_context_executor executor_;
    std::unique_ptr<occupation> occupation_;
};

struct harness_names {
    template <typename Harness>
    static std::string GetName(int)
    {
        if constexpr (std::same_as<Harness, thread_pool_harness<1>>) {
            return "ThreadPoolOfOne";
        } else if constexpr (std::same_as<Harness, thread_pool_harness<4>>) {
            return "ThreadPoolOfFour";
        } else if constexpr (std::same_as<Harness, inline_harness>) {
            return "Inline";
        } else if constexpr (std::same_as<Harness, manual_harness>) {
            return "Manual";
        } else if constexpr (std::same_as<Harness, coroutine_harness>) {
            return "Coroutines";
        } else if constexpr (std::same_as<Harness, io_context_harness>) {
            return "BesideAnIoContext";
        } else {
            return "Other";
        }
    }
};

/// Every executor in this process.
using in_process_harnesses = testing::Types<thread_pool_harness<1>,
                                            thread_pool_harness<4>,
                                            inline_harness,
                                            manual_harness,
                                            coroutine_harness,
                                            io_context_harness>;

} // namespace cofutures::test
