// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// An executor without workers: every task runs in the call that submits it. Floor 4.

#include <cofutures/executor.hpp>

#include <memory>

namespace cofutures {

/// Runs each task inside `submit`, so that its future is done when `submit` returns.
///
/// For tests, for debugging, and for code that takes an executor and should run sequentially. A task's
/// exception goes into its future, as everywhere.
///
/// **Runs on** the submitting thread; several threads may submit at once and then run at once.
/// **Cancellation** A task is never queued, so `cancel()` on its future always returns false.
class inline_executor final : public executor {
public:
    inline_executor();
    ~inline_executor() override;

    void shutdown(shutdown_options options = {}) override;
    bool shutdown_for(timeout limit) override;
    bool wait_idle(timeout limit = {}) override;
    executor_stats stats() const override;

private:
    void enqueue(task&& work) override;

    class impl;
    std::unique_ptr<impl> impl_;
};

static_assert(executor_like<inline_executor>);

} // namespace cofutures
