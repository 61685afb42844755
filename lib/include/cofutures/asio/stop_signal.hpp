// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// How a stop request reaches an Asio operation or a coroutine. Floor 5, internal.

#include <cofutures/detail/fork_count.hpp>
#include <cofutures/detail/shared_state.hpp>
#include <cofutures/detail/tiny_lock.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>

#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

namespace cofutures::detail {

/// A cancellation signal that any thread may trigger, emitted on the executor of whoever listens.
///
/// The futures of an operation may outlive its execution context. Hence nothing here touches the
/// executor once the operation has detached, which it does before its future is done.
class stop_signal {
public:
    stop_signal() = default;
    explicit stop_signal(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

    /// For an executor whose threads a forked child does not have. Requests that came before this went
    /// nowhere: look for one afterwards.
    void attach(boost::asio::any_io_executor executor) noexcept
    {
        std::lock_guard lock(lock_);
        executor_ = std::move(executor);
        attached_in_ = fork_generation();
    }

    boost::asio::cancellation_slot slot() noexcept { return signal_.slot(); }

    /// Emits the signal, soon and on the executor, unless `state`, of which this is a part, is done by then.
    template <typename State>
    void request(State& state) noexcept
    {
        try {
            // Posted under the lock: detach() returns only when the executor is no longer in use here.
            std::lock_guard lock(lock_);
            // In a forked child the context's own lock may be held for ever.
            if (executor_ && attached_in_.value_or(fork_generation()) == fork_generation()) {
                boost::asio::post(executor_, [this, keep = owner_ptr<State>::share(&state)] {
                    if (!keep->done()) {
                        signal_.emit(boost::asio::cancellation_type::all);
                    }
                });
            }
        } catch (...) {
            // Out of memory: the work goes on, as some does that ignores the request.
        }
    }

    /// Emits it again if there was a request and the work goes on. On the executor.
    void repeat(shared_state& state)
    {
        if (state.stop_requested() && !state.done()) {
            signal_.emit(boost::asio::cancellation_type::all);
        }
    }

    void detach() noexcept
    {
        boost::asio::any_io_executor dropped;
        std::lock_guard lock(lock_);
        executor_.swap(dropped);
    }

private:
    tiny_lock lock_;
    std::optional<std::uint32_t> attached_in_;
    boost::asio::any_io_executor executor_;   // guarded by lock_ once the work runs
    boost::asio::cancellation_signal signal_; // touched on the executor only
};

} // namespace cofutures::detail
