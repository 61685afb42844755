// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "exchange.hpp"
#include "run_on.hpp"
#include "token.hpp"

#include <utility>

// How an exchange sends a body that is too large to be written before anything is read.

namespace cofutures::http::detail {

using std::chrono::steady_clock;

namespace {

// Less than any socket takes at once, whether the server reads or not.
constexpr std::size_t one_write = 16 * 1024;

constexpr std::chrono::seconds longest_wait_for_permission{1};

bool expects_continue(const request& message)
{
    return equal_ignoring_case(message.headers.get("Expect").value_or(""), "100-continue");
}

} // namespace

// Before there is a connection: a file that is missing is no business of the server.
asio::awaitable<void> exchange::open_body()
{
    const request_body& body = job_.message.body;
    if (!body.can_be_sent()) {
        throw std::system_error(make_error_code(errc::invalid_request),
                                "its body comes from a generator, which cannot run again");
    }
    if (body_source::place_of(body) != body_source::place::files) {
        source_ = body_source::open(body);
        co_return;
    }
    disarm();
    auto open = [this, &body] { source_ = body_source::open(body); };
    try {
        co_await run_on(context_.files(), std::move(open));
    } catch (...) {
        body_error_ = described(std::current_exception());
        std::rethrow_exception(body_error_);
    }
    require_running();
}

bool exchange::fits_into_one_write() const
{
    const std::string* const bytes = job_.message.body.bytes();
    return bytes != nullptr && bytes->size() <= one_write &&
           (bytes->empty() || !expects_continue(job_.message));
}

// Beside the coroutine that reads, which waits for the end of this one.
asio::awaitable<void> exchange::send(std::shared_ptr<exchange> self, std::string head)
{
    sending& state = *self->sending_;
    state.idle_deadline = self->job_.limits.idle.deadline();
    try {
        co_await self->send_all(head);
    } catch (...) {
        // The server may have said why before it closed: that is for the reader to find out.
        state.broken = true;
    }
    state.ended = true;
    state.end.trigger();
}

asio::awaitable<void> exchange::send_all(std::string_view head)
{
    const auto began = steady_clock::now();
    co_await send_piece(head);
    if (expects_continue(job_.message)) {
        co_await wait_for_permission();
    }
    while (!source_->done() && !sending_->unwanted) {
        const std::string_view piece = co_await next_piece();
        co_await send_piece(piece);
    }
    if (!sending_->unwanted) {
        sending_->whole = true;
        observe(event::kind::sent, began);
        sent_at_ = steady_clock::now();
    }
}

asio::awaitable<void> exchange::send_piece(std::string_view bytes)
{
    while (!bytes.empty() && !sending_->unwanted) {
        bytes.remove_prefix(co_await connection_->write_some(bytes));
        retries_.progress(steady_clock::now());
        sending_->idle_deadline = job_.limits.idle.deadline();
    }
}

asio::awaitable<void> exchange::wait_for_permission()
{
    const auto end = steady_clock::now() + longest_wait_for_permission;
    sending_->awaits_permission = true;
    while (sending_->awaits_permission && !sending_->unwanted && steady_clock::now() < end) {
        co_await sending_->go_on.wait_until(end);
    }
    sending_->awaits_permission = false;
}

asio::awaitable<std::string_view> exchange::next_piece()
{
    const auto place = body_source::place_of(job_.message.body);
    if (place == body_source::place::anywhere) {
        co_return source_->next();
    }
    std::string_view piece;
    std::exception_ptr failure;
    auto produce = [this, &piece] { piece = source_->next(); };
    sending_->waits_for_source = true;
    try {
        co_await run_on(place == body_source::place::files ? context_.files()
                                                           : context_.generators(),
                        std::move(produce));
    } catch (...) {
        failure = std::current_exception();
    }
    sending_->waits_for_source = false;
    sending_->idle_deadline = job_.limits.idle.deadline();
    if (failure) {
        body_error_ = described(std::move(failure));
        connection_->close(); // the server must not take what it has for everything
        std::rethrow_exception(body_error_);
    }
    co_return piece;
}

// What the caller learns: a generator's own exception, or one that names the file.
std::exception_ptr exchange::described(std::exception_ptr failure) const
{
    const std::string url = job_.message.url.str();
    try {
        std::rethrow_exception(failure);
    } catch (const generator_failure& generator) {
        return generator.error;
    } catch (const file_error& file) {
        return std::make_exception_ptr(request_error(
            file.code(), url, *job_.message.body.file(), std::string("cannot ") + file.action()));
    } catch (...) {
        return translated(std::move(failure));
    }
}

// What the answer means for a request that is still being sent.
void exchange::heed(response_parser& parser)
{
    if (!sending_ || sending_->ended) {
        return;
    }
    if (parser.has_head()) {
        const bool refused = parser.head().status >= 300;
        sending_->unwanted = sending_->unwanted || refused || sending_->awaits_permission;
        sending_->go_on.trigger();
    } else if (parser.told_to_continue() && sending_->awaits_permission) {
        sending_->awaits_permission = false;
        sending_->go_on.trigger();
    }
}

// After reading, whether that has led to an answer or not.
asio::awaitable<void> exchange::end_sending()
{
    sending_->unwanted = true;
    sending_->go_on.trigger();
    if (!sending_->ended) {
        connection_->close(); // ends a write that nobody reads
        disarm();
    }
    while (!sending_->ended) {
        co_await sending_->end.wait();
    }
    source_.reset();
}

// The deadline of a read is not the end as long as something is sent, or nothing is there to send.
void exchange::postpone_idle_deadline()
{
    if (!sending_ || deadline_code_ != errc::idle_timed_out || steady_clock::now() < deadline_) {
        return;
    }
    const auto end =
        sending_->waits_for_source ? job_.limits.idle.deadline() : sending_->idle_deadline;
    if (end && *end > deadline_) {
        deadline_ = *end;
        if (total_deadline_ && *total_deadline_ < deadline_) {
            deadline_ = *total_deadline_;
            deadline_code_ = errc::total_timed_out;
        }
    }
}

} // namespace cofutures::http::detail
