// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "exchange.hpp"
#include "request_text.hpp"

#include <utility>

// What an exchange does between two tries.

namespace cofutures::http::detail {

using std::chrono::steady_clock;

// The wait before the next try, after a failure or, without one, after an answer.
std::optional<std::chrono::milliseconds> exchange::next_try(const std::exception_ptr& failure)
{
    const auto now = steady_clock::now();
    std::optional<std::chrono::seconds> asked;
    if (!failure && retries_.repeats(outcome_.head.status)) {
        asked = retry_after(outcome_.head, std::chrono::system_clock::now());
        if (asked) {
            context_.cooling.begin(job_.message.url.origin(), now + *asked, now);
        }
    }
    if (!is_worth_repeating(failure)) {
        return std::nullopt;
    }
    return retries_.next(asked, now, total_deadline_);
}

bool exchange::is_worth_repeating(const std::exception_ptr& failure) const
{
    const request& first = first_message_ ? *first_message_ : job_.message;
    const bool idempotent = is_idempotent(first.method);
    if (!failure) {
        return idempotent && first.body.can_be_sent() && retries_.repeats(outcome_.head.status);
    }
    if (body_error_ || !first.body.can_be_sent()) {
        return false;
    }
    if (aborted_ && (!abort_reason_ || abort_reason_ == errc::total_timed_out)) {
        return false;
    }
    try {
        std::rethrow_exception(failure);
    } catch (const request_error& error) {
        return error.path().empty() && is_retryable(error.code()) && (idempotent || !sent_);
    } catch (...) {
        return false;
    }
}

asio::awaitable<void> exchange::pause(std::chrono::milliseconds wait)
{
    context_.retries.fetch_add(1, std::memory_order_relaxed);
    const auto end = steady_clock::now() + wait;
    while (!aborted_ && steady_clock::now() < end) {
        co_await event_.wait_until(end);
    }
    require_running();
}

void exchange::start_over()
{
    disarm();
    if (abort_reason_) { // the time limit of one step, which has ended with the try
        aborted_ = false;
        abort_reason_ = {};
    }
    if (first_message_) {
        job_.message = *first_message_;
    }
    outcome_ = {};
    file_complete_ = false;
    sent_ = false;
}

} // namespace cofutures::http::detail
