// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "stop_watcher.hpp"

#include <csignal>

namespace cofutures::detail {

std::stop_token stop_watcher::token()
{
    std::stop_token token;
    {
        const std::lock_guard lock(mutex_);
        if (!source_) {
            source_.emplace();
            awaited_ = stop_word(sequence_);
        }
        token = source_->get_token();
    }
    in_use_ = true;
    if (thread_ == nullptr) {
        // Signals are for the worker's main thread, where tasks run; also after a thread that the system
        // refused, which fails this task only.
        sigset_t all;
        sigset_t former;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &former);
        try {
            thread_ = new std::thread([this] { watch(); });
        } catch (...) {
            ::pthread_sigmask(SIG_SETMASK, &former, nullptr);
            throw;
        }
        ::pthread_sigmask(SIG_SETMASK, &former, nullptr);
    }
    stop_if_asked(); // perhaps before there was a source
    return token;
}

void stop_watcher::end() noexcept
{
    if (in_use_) {
        const std::lock_guard lock(mutex_);
        source_.reset();
        in_use_ = false;
    }
}

void stop_watcher::watch() noexcept
{
    std::uint32_t seen = 0;
    for (;;) {
        futex_wait(page_->stop, seen);
        seen = page_->stop.load();
        stop_if_asked();
    }
}

void stop_watcher::stop_if_asked() noexcept
{
    std::optional<std::stop_source> target;
    {
        const std::lock_guard lock(mutex_);
        if (source_ && page_->stop.load() == awaited_) {
            target = source_;
        }
    }
    if (target) {
        target->request_stop(); // runs the task's stop callbacks, so not under the lock
    }
}

} // namespace cofutures::detail
