// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "exchange.hpp"
#include "request_text.hpp"

#include <algorithm>
#include <utility>

// What an exchange does between two tries.

namespace cofutures::http::detail {

using std::chrono::steady_clock;

// Asked with the header of each answer. Where it says yes, there is no reading of the body that could
// change the verdict, so that nobody needs it: the time that reading takes is left out at the outset.
bool exchange::will_repeat(const response_head& head)
{
    const auto now = steady_clock::now();
    if (!is_repeatable(head.status)) {
        return false;
    }
    const auto asked = retry_after(head, std::chrono::system_clock::now());
    const auto wait = retries_.next(asked, now + longest_discard, total_deadline_);
    if (!wait) {
        return false;
    }
    if (asked) {
        context_.cooling.begin(job_.message.url.origin(), now + *asked, now);
    }
    repeat_at_ = now + *wait;
    return true;
}

// The wait before the next try, after a failure or, without one, after an answer.
std::optional<std::chrono::milliseconds> exchange::next_try(const std::exception_ptr& failure)
{
    const auto now = steady_clock::now();
    const auto settled = std::exchange(repeat_at_, std::nullopt);
    if (settled && !failure) {
        return std::max(std::chrono::ceil<std::chrono::milliseconds>(*settled - now),
                        std::chrono::milliseconds(0));
    }
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

bool exchange::is_repeatable(int status) const
{
    const request& first = first_message_ ? *first_message_ : job_.message;
    return is_idempotent(first.method) && first.body.can_be_sent() && retries_.repeats(status);
}

bool exchange::is_worth_repeating(const std::exception_ptr& failure) const
{
    if (!failure) {
        return is_repeatable(outcome_.head.status);
    }
    const request& first = first_message_ ? *first_message_ : job_.message;
    const bool idempotent = is_idempotent(first.method);
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
