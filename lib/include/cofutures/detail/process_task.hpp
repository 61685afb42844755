// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A call on its way to a worker process and back. Floor 4, internal.

#include <cofutures/detail/process_call.hpp>
#include <cofutures/detail/result_state.hpp>
#include <cofutures/detail/tiny_lock.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace cofutures::detail {

class process_pool_core;
class status_page;
class slab;

/// An encoded call: in memory of its own, or in memory shared with the workers.
class payload {
public:
    payload() noexcept = default;
    payload(std::unique_ptr<std::byte[]> bytes, std::size_t size)
        : bytes_(std::move(bytes)), size_(size)
    {}
    payload(std::shared_ptr<slab> shared, std::size_t size)
        : shared_(std::move(shared)), size_(size)
    {}

    std::span<std::byte> bytes() const noexcept;
    const std::shared_ptr<slab>& shared() const noexcept { return shared_; }
    void clear() noexcept { *this = payload(); }

private:
    std::unique_ptr<std::byte[]> bytes_;
    std::shared_ptr<slab> shared_;
    std::size_t size_ = 0;
};

struct task_limits {
    std::chrono::nanoseconds soft{0}; // 0: none
    std::chrono::nanoseconds hard{0};
};

/// The part of a process task that does not depend on its result's type.
///
/// Cancelling races with the worker, which may begin a task that was sent ahead at any moment. Whoever
/// wins the task's slot in the worker's status page decides, see `status_page`.
class process_task {
public:
    process_task(const process_task&) = delete;
    process_task& operator=(const process_task&) = delete;

    virtual shared_state& state() noexcept = 0;

    /// Stores what a worker sent; only after `state().claim()`. The outcome is for `state().finish()`.
    virtual phase store_reply(decoder& archive) noexcept = 0;
    virtual phase store_failure(const std::exception_ptr& failure) noexcept = 0;

    /// Fails the task unless it is done or cancelled.
    void fail(const std::exception_ptr& failure) noexcept;

    /// Hands the task to a worker; false if it was cancelled, and then it must not be sent.
    bool assign(std::shared_ptr<status_page> page, std::uint64_t sequence) noexcept;

    /// Takes the task from its worker again; it was not begun.
    void unassign() noexcept;

    /// How many cancelled tasks of a pool have their callbacks running in this thread, which cannot wait
    /// for them.
    static std::size_t telling_here(const process_pool_core& pool) noexcept;

    /// Whether it was cancelled, or is being cancelled, before a worker had it.
    bool revoked() const noexcept;

    // Set before the task is accepted, read-only afterwards.
    payload call;
    task_limits limits;
    std::string name;
    std::shared_ptr<process_pool_core> pool;

    // Owned by the pool: links in the list of unfinished tasks, under the pool's lock.
    process_task* next = nullptr;
    process_task* previous = nullptr;
    std::chrono::steady_clock::time_point accepted;
    std::size_t attempts = 0;
    bool soft_limit_told = false;

protected:
    process_task() noexcept = default;
    ~process_task() = default;

    bool revoke() noexcept;
    bool begun_in_worker() const noexcept;
    void dropped() noexcept;
    void told() noexcept;
    void forward_stop() noexcept;

private:
    mutable tiny_lock lock_;
    // All guarded by lock_.
    std::shared_ptr<status_page> page_;
    std::uint64_t sequence_ = 0;
    bool revoked_ = false;

    process_task* outer_ =
        nullptr; // whose callbacks run below this one's in the thread that cancels
};

template <typename R>
class process_task_state final : public result_state<R>, public process_task {
public:
    shared_state& state() noexcept override { return *this; }

    phase store_reply(decoder& archive) noexcept override
    {
        return this->store_outcome_of([&archive]() -> R {
            if constexpr (std::is_void_v<R>) {
                archive.require_end();
            } else {
                R value = result_codec<R>::read(archive);
                archive.require_end();
                return value;
            }
        });
    }

    phase store_failure(const std::exception_ptr& failure) noexcept override
    {
        return this->store_outcome_of([&failure]() -> R { std::rethrow_exception(failure); });
    }

    std::string task_name() const override { return name; }

private:
    bool release_work() noexcept override { return revoke(); }
    bool has_begun_elsewhere() const noexcept override { return begun_in_worker(); }
    void drop_work() noexcept override { dropped(); }
    void after_cancellation() noexcept override { told(); }
    void on_stop_requested() noexcept override { forward_stop(); }
};

} // namespace cofutures::detail
