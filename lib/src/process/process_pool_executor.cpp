// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/process_pool_executor.hpp>
#include <cofutures/worker_count.hpp>

#include "../fork_guard.hpp"
#include "../standard_descriptors.hpp"
#include "pool_core.hpp"

#include <chrono>
#include <csignal>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>

namespace cofutures {

namespace {

void require_not_negative(const char* option, std::chrono::nanoseconds value)
{
    if (value.count() < 0) {
        throw std::invalid_argument(std::string("cofutures: ") + option +
                                    " must not be negative, got " + std::to_string(value.count()) +
                                    " ns");
    }
}

void require_at_least_one(const char* option, std::optional<std::size_t> value)
{
    if (value == 0U) {
        throw std::invalid_argument(std::string("cofutures: ") + option +
                                    " must be at least 1, got 0");
    }
}

process_pool_options checked(process_pool_options options)
{
    const std::size_t workers = options.max_workers.value_or(usable_cpus());
    if (workers > 10000) {
        throw std::invalid_argument("cofutures: max_workers must be from 1 to 10000, got " +
                                    std::to_string(workers));
    }
    options.max_workers = workers;
    require_at_least_one("max_tasks_per_child", options.max_tasks_per_child);
    require_at_least_one("memory_limit", options.memory_limit);
    if (options.memory_limit == std::numeric_limits<std::size_t>::max()) {
        options.memory_limit.reset();
    }
    require_not_negative("soft_time_limit", options.soft_time_limit);
    require_not_negative("hard_time_limit", options.hard_time_limit);
    require_not_negative("kill_after_stop",
                         options.kill_after_stop.value_or(std::chrono::nanoseconds(0)));
    require_not_negative("restart_period", options.restart_period);
    return options;
}

} // namespace

process_pool_executor::process_pool_executor(process_pool_options options)
{
    detail::occupy_standard_descriptors(); // the core's members open the first of its own
    core_ = std::make_shared<detail::process_pool_core>(checked(std::move(options)));
    core_->start();
}

process_pool_executor::~process_pool_executor()
{
    try {
        core_->require_own_process();
    } catch (const wrong_process&) {
        // The locks that its end would need may be held for ever. Its thread exists in the original only;
        // here the handle may mean another one by now, or none, which detach() would throw for.
        new std::shared_ptr<detail::process_pool_core>(core_);
        return;
    }
    core_->close(false);
    if (core_->on_own_thread()) {
        core_->leave_thread();
        return;
    }
    core_->wait_ended(std::nullopt);
    core_->join();
}

void process_pool_executor::shutdown(shutdown_options options)
{
    require_own_process();
    core_->close(options.cancel_futures);
    if (options.wait) {
        if (core_->on_own_thread()) {
            throw deadlock_error(
                "cofutures: a process pool's own thread cannot wait for the pool to end");
        }
        core_->wait_ended(std::nullopt);
        core_->join();
    }
}

bool process_pool_executor::shutdown_for(timeout limit)
{
    require_own_process();
    const auto deadline = limit.deadline();
    core_->close(false);
    if (core_->on_own_thread()) {
        throw deadlock_error(
            "cofutures: a process pool's own thread cannot wait for the pool to end");
    }
    if (!core_->wait_ended(deadline)) {
        return false;
    }
    core_->join();
    return true;
}

bool process_pool_executor::wait_idle(timeout limit)
{
    require_own_process();
    if (core_->on_own_thread()) {
        throw deadlock_error("cofutures: a process pool's own thread cannot wait for its tasks");
    }
    return core_->wait_idle(limit.deadline());
}

void process_pool_executor::terminate_workers()
{
    require_own_process();
    core_->end_workers(SIGTERM);
}

void process_pool_executor::kill_workers()
{
    require_own_process();
    core_->end_workers(SIGKILL);
}

process_pool_stats process_pool_executor::stats() const
{
    require_own_process();
    return core_->stats();
}

detail::payload process_pool_executor::make_payload(std::size_t size)
{
    return core_->make_payload(size);
}

void process_pool_executor::enqueue(detail::process_task& task, process::task_options&& options)
{
    require_not_negative("soft_time_limit", options.soft_time_limit);
    require_not_negative("hard_time_limit", options.hard_time_limit);
    task.name = std::move(options.name);
    task.limits = {options.soft_time_limit, options.hard_time_limit};
    core_->accept(task);
}

void process_pool_executor::require_own_process() const
{
    core_->require_own_process();
}

} // namespace cofutures
