// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A submitted call on its way to a worker. Floor 3; only authors of executors need it.

#include <cofutures/any_future.hpp>
#include <cofutures/detail/source_location.hpp>
#include <cofutures/detail/task_state.hpp>

#include <optional>
#include <string>
#include <utility>

namespace cofutures {

namespace detail {
struct task_access;
} // namespace detail

/// What error reports call a task; written in the call of `submit`, it also records the place.
struct task_options {
    std::string name = {};
    std::optional<detail::source_location> location = detail::source_location::current();
};

/// A call that was submitted and has not run.
///
/// Move-only and one pointer wide. Dropping a task that has not run cancels its future, so that
/// whatever happens to an executor, no future is left open.
///
/// **Thread safety** One task, one thread at a time.
class task {
public:
    task() noexcept = default;
    task(task&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
    task& operator=(task&& other) noexcept
    {
        task taken(std::move(other));
        taken.swap(*this);
        return *this;
    }
    ~task();

    /// Whether there is a call; a task is empty after it ran and when it was moved from.
    explicit operator bool() const noexcept { return state_ != nullptr; }

    /// Runs the call, unless its future was cancelled, and makes its outcome known.
    ///
    /// **Runs on** The call, the destruction of its captures and done-callbacks run in this thread.
    void run() noexcept;

    /// Fails the future with `reason` instead of running the call.
    void abandon(std::exception_ptr reason) noexcept;

    void swap(task& other) noexcept { std::swap(state_, other.state_); }

private:
    friend struct detail::task_access;

    explicit task(detail::task_state* owned) noexcept : state_(owned) {}

    detail::task_state* state_ = nullptr;
};

namespace detail {

/// Lets executors of this library link tasks into their queues without an allocation.
struct task_access {
    static task adopt(task_state* owned) noexcept { return task(owned); }
    static task_state* release(task& from) noexcept { return std::exchange(from.state_, nullptr); }
};

/// "NAME at FILE:LINE", with `type_name` where there is no name.
std::string task_label(const task_options& options, const std::string& type_name);

/// A call with a name, which the unnamed ones pay nothing for.
template <typename Result, typename Function, typename... Args>
class named_call_state final : public call_state<Result, Function, Args...> {
public:
    template <typename... As>
    explicit named_call_state(task_options options, As&&... args)
        : call_state<Result, Function, Args...>(std::forward<As>(args)...),
          options_(std::move(options))
    {}

    std::string task_name() const override
    {
        return task_label(options_, call_state<Result, Function, Args...>::task_name());
    }

private:
    task_options options_;
};

} // namespace detail

} // namespace cofutures
