// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/inline_executor.hpp>

#include "task_ledger.hpp"

namespace cofutures {

class inline_executor::impl : public detail::task_ledger {};

inline_executor::inline_executor() : impl_(std::make_unique<impl>()) {}
inline_executor::~inline_executor() = default;

void inline_executor::enqueue(task&& work)
{
    {
        const auto lock = impl_->lock();
        impl_->admit();
        impl_->begin();
    }
    detail::task_state* const state = detail::task_access::release(work);
    state->queued_at = timeout::clock::now();
    impl_->run(*state);
}

void inline_executor::shutdown(shutdown_options options)
{
    auto lock = impl_->lock();
    impl_->stop_intake();
    if (options.wait) {
        impl_->wait_until_none_runs(lock, "shutdown", nullptr, std::nullopt);
    }
}

bool inline_executor::shutdown_for(timeout limit)
{
    const auto deadline = limit.deadline();
    auto lock = impl_->lock();
    impl_->stop_intake();
    return impl_->wait_until_none_runs(lock, "shutdown_for", nullptr, deadline);
}

bool inline_executor::wait_idle(timeout limit)
{
    const auto deadline = limit.deadline();
    auto lock = impl_->lock();
    return impl_->wait_until_none_runs(lock, "wait_idle", nullptr, deadline);
}

executor_stats inline_executor::stats() const
{
    const auto lock = impl_->lock();
    return impl_->totals();
}

} // namespace cofutures
