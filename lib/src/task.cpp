// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/error.hpp>
#include <cofutures/executor.hpp>
#include <cofutures/task.hpp>

namespace cofutures {

task::~task()
{
    if (state_ != nullptr) {
        state_->leave();
        state_->state().cancel();
        state_->state().release_owner();
    }
}

void task::run() noexcept
{
    detail::task_state* const work = std::exchange(state_, nullptr);
    if (work == nullptr) {
        return;
    }
    if (work->state().start()) {
        work->state().finish(work->perform());
    } else {
        work->leave();
    }
    work->state().release_owner();
}

void task::abandon(std::exception_ptr reason) noexcept
{
    if (detail::task_state* const work = std::exchange(state_, nullptr)) {
        work->leave();
        work->abandon(std::move(reason));
        work->state().release_owner();
    }
}

std::string detail::task_label(const task_options& options, const std::string& type_name)
{
    std::string label = options.name.empty() ? type_name : options.name;
    if (options.location) {
        label += std::string(" at ") + options.location->file_name() + ":" +
                 std::to_string(options.location->line());
    }
    return label;
}

void detail::enqueue_on(executor& executor, task_state& work) noexcept
{
    task continuation = task_access::adopt(&work);
    try {
        executor_access::enqueue(executor, std::move(continuation));
    } catch (...) {
        continuation.abandon(std::current_exception());
    }
}

} // namespace cofutures
