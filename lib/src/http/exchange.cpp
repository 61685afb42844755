// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "exchange.hpp"

#include <cofutures/error.hpp>

#include "exchange_turn.hpp"
#include "redirect.hpp"
#include "request_text.hpp"
#include "token.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <utility>

namespace cofutures::http::detail {

namespace {

using std::chrono::steady_clock;

// A body that nobody wants is read to keep the connection, up to here; then the connection goes.
constexpr std::uint64_t discard_limit = 256 * 1024;

// Whether nothing can change the answer any more: its header is there, and nobody wants its body.
bool is_settled(const response_parser& parser, const body_collector& body)
{
    return parser.has_head() && !body.wants_body();
}

// What a system_error was given besides its code: what() is "detail: message of the code".
std::string detail_of(const std::system_error& error)
{
    std::string text = error.what();
    const std::string message = error.code().message();
    if (text.ends_with(message)) {
        text.resize(text.size() - message.size());
    }
    return text.ends_with(": ") ? text.substr(0, text.size() - 2) : std::string();
}

} // namespace

exchange::exchange(exchange_context& context,
                   exchange_job job,
                   std::unique_ptr<exchange_owner> owner)
    : context_(context),
      job_(std::move(job)),
      owner_(std::move(owner)),
      event_(context.strand),
      retries_(job_.retries),
      timer_(context.strand),
      timer_expiry_(steady_clock::time_point::max()),
      deadline_(steady_clock::time_point::max())
{}

void exchange::run()
{
    number_ = ++context_.last_call;
    asio::co_spawn(context_.strand, main(shared_from_this()), asio::detached);
}

asio::awaitable<void> exchange::main(std::shared_ptr<exchange> self)
{
    std::exception_ptr error;
    try {
        co_await self->perform();
    } catch (...) {
        error = self->translated(std::current_exception());
    }
    self->body_error_ = nullptr; // as below
    co_await self->discard_file();
    self->finished_ = true;
    self->timer_.cancel();
    self->observe_end(error);
    const std::unique_ptr<exchange_owner> owner = std::move(self->owner_);
    if (!error) {
        owner->succeed(std::move(self->outcome_));
    } else if (self->aborted_ && !self->abort_reason_) {
        owner->cancel();
    } else {
        owner->fail(std::move(error)); // not kept: ThreadSanitizer cannot see its count
    }
    owner->finished();
}

asio::awaitable<void> exchange::perform()
{
    for (;;) {
        std::exception_ptr failure;
        try {
            co_await perform_once();
        } catch (...) {
            failure = translated(std::current_exception());
        }
        co_await end_segments();
        const auto wait = next_try(failure);
        if (!wait) {
            if (failure) {
                std::rethrow_exception(failure);
            }
            break;
        }
        observe_retry(*wait, failure);
        start_over();
        co_await pause(*wait);
    }
    outcome_.head.tries = retries_.tries();
    co_await commit_file();
}

// One try, with the redirects it leads through.
asio::awaitable<void> exchange::perform_once()
{
    for (;;) {
        const std::string origin = job_.message.url.origin();
        co_await wait_for_turn(origin);
        const turn held(*this, origin);
        if (!started_) {
            started_ = true;
            if (!owner_->start()) {
                abort({});
            }
            total_deadline_ = job_.limits.total.deadline();
            retries_.begin();
            require_running();
            co_await prepare_file();
        }
        require_running();
        if (outcome_.kept) {
            co_return;
        }
        co_await answer();
        outcome_.head.url = job_.message.url.str();
        if (job_.max_redirects == 0 || !is_redirect(outcome_.head)) {
            break;
        }
        if (outcome_.head.redirects == job_.max_redirects) {
            throw std::system_error(make_error_code(errc::too_many_redirects),
                                    "more than " + std::to_string(job_.max_redirects));
        }
        if (!first_message_ && job_.retries.max_tries > 1) {
            first_message_ = job_.message;
        }
        job_.message = follow_redirect(
            std::move(job_.message), outcome_.head, context_.options.insecure_redirects);
        ++outcome_.head.redirects;
    }
}

asio::awaitable<void> exchange::wait_for_turn(const std::string& origin)
{
    const auto began = steady_clock::now();
    disarm();
    for (;;) {
        co_await wait_for_cool_down(origin);
        connection_pool::waiter who{event_};
        const auto queued = steady_clock::now();
        context_.pool.take_turn(origin, who);
        while (!who.granted && !aborted_) {
            co_await event_.wait();
        }
        retries_.leave_out(steady_clock::now() - queued);
        if (!aborted_ && !has_to_cool_down(origin)) {
            break;
        }
        context_.pool.forget(origin, who);
        require_running();
    }
    if (total_deadline_) {
        *total_deadline_ += steady_clock::now() - began;
    }
    observe(event::kind::queued, began);
}

bool exchange::has_to_cool_down(const std::string& origin) const
{
    return retries_.waits_until(context_.cooling.end(origin), steady_clock::now());
}

asio::awaitable<void> exchange::wait_for_cool_down(const std::string& origin)
{
    while (!aborted_ && has_to_cool_down(origin)) {
        co_await event_.wait_until(context_.cooling.end(origin));
    }
    require_running();
}

// Makes the request until there is an answer to what was asked: over a fresh connection if a kept
// one turned out to be closed, for the whole if what is there is no part of what the server has,
// and for one part after the other where a file has gaps.
asio::awaitable<void> exchange::answer()
{
    bool may_use_kept = true;
    open_segments();
    for (;;) {
        attempt_end end = attempt_end::answered;
        try {
            end = co_await attempt(may_use_kept);
        } catch (const std::system_error&) {
            if (!can_lose_stream(std::current_exception())) {
                throw;
            }
            lose_stream();
        }
        may_use_kept = end != attempt_end::connection_was_stale;
        switch (end) {
        case attempt_end::answered:
            if (!co_await next_segment()) {
                co_return;
            }
            break;
        case attempt_end::refused:
            co_return;
        case attempt_end::connection_was_stale:
            break;
        case attempt_end::part_was_stale:
            co_await end_segments();
            require_running();
            file_->set_aside();
            break;
        }
    }
}

asio::awaitable<exchange::attempt_end> exchange::attempt(bool may_use_kept)
{
    const std::string origin = job_.message.url.origin();
    co_await open_body();
    connection_ = may_use_kept ? context_.pool.take_kept(origin) : nullptr;
    const bool kept = connection_ != nullptr;
    if (!kept) {
        co_await open_connection();
    }
    if (kept) {
        context_.reused.fetch_add(1, std::memory_order_relaxed);
    }
    context_.requests.fetch_add(1, std::memory_order_relaxed);

    const std::size_t redirects = outcome_.head.redirects;
    body_collector body(job_, job_.max_redirects - redirects, rest_to_ask_for());
    const bool continues = segments_ && segments_->begun;
    body.file_begun = continues;
    body.is_passed_over = [this](const response_head& head) { return will_repeat(head); };
    counted_ = 0;
    response_parser parser(job_.message.method == "HEAD", job_.max_body, body);
    bool sent_whole = true;
    try {
        sent_whole = co_await converse(parser, body);
    } catch (const stale_part&) {
        drop_connection();
        co_return attempt_end::part_was_stale;
    } catch (const std::system_error&) {
        if (kept && !parser.started() && !aborted_ && !body_error_ &&
            is_idempotent(job_.message.method) && job_.message.body.can_be_sent()) {
            drop_connection();
            context_.stale.fetch_add(1, std::memory_order_relaxed);
            co_return attempt_end::connection_was_stale;
        }
        throw;
    }
    if (sent_whole && parser.keep_alive() && can_keep(parser)) {
        context_.pool.keep(origin, std::move(connection_));
    } else {
        drop_connection();
    }
    if (segments_ && body.kind() == body_collector::mode::file) {
        disarm();
        co_await flush_to_file(body);
        if (body.file_is_kept) {
            outcome_.kept = true;
            outcome_.resumed_at = 0;
            co_return attempt_end::refused;
        }
        if (parser.done() && !segments_->plan.is_fetched(stream_)) {
            throw std::system_error(make_error_code(errc::body_truncated),
                                    "a part is shorter than its Content-Range");
        }
        co_return attempt_end::answered;
    }
    outcome_.head = std::move(parser.head());
    outcome_.head.redirects = redirects;
    outcome_.kept = body.file_is_current();
    outcome_.size = body.facts().offset + body.size();
    if (body.decodes()) {
        outcome_.head.headers.remove("Content-Encoding");
        outcome_.head.headers.remove("Content-Length");
    }
    if (body.kind() == body_collector::mode::memory) {
        outcome_.body = std::move(body.bytes);
    } else if (body.kind() == body_collector::mode::file) {
        disarm();
        co_await flush_to_file(body);
        if (!body.file_is_kept && body.facts().unproven && outcome_.size != *body.facts().length) {
            co_return attempt_end::part_was_stale; // shorter than its Content-Range
        }
        outcome_.kept = body.file_is_kept;
        file_complete_ = !outcome_.kept;
        outcome_.resumed_at = outcome_.kept ? 0 : body.facts().offset;
    }
    co_return segments_ ? attempt_end::refused : attempt_end::answered;
}

// Sends the request and reads the answer; false if not all of the request was wanted.
asio::awaitable<bool> exchange::converse(response_parser& parser, body_collector& body)
{
    const proxy* const way = context_.options.proxies.choose(job_.message.url);
    // Through every other proxy there is a tunnel.
    const bool asks_proxy = way != nullptr && way->kind() == proxy::protocol::http &&
                            job_.message.url.scheme() == "http";
    std::string text = request_head(job_.message,
                                    source_->length(),
                                    context_.usual,
                                    conditions(rest_to_ask_for()),
                                    asks_proxy ? way : nullptr);
    sent_ = true;
    sent_at_ = steady_clock::now();
    if (fits_into_one_write()) {
        text += *job_.message.body.bytes();
        arm(job_.limits.idle, errc::idle_timed_out);
        co_await connection_->write(text);
        require_running();
        observe(event::kind::sent, sent_at_);
        sent_at_ = steady_clock::now();
        co_await receive(parser, body);
        co_return true;
    }
    // Both at once: a server may answer before it has seen everything, and then read no more.
    sending_.emplace(context_.strand);
    asio::co_spawn(context_.strand, send(shared_from_this(), std::move(text)), asio::detached);
    std::exception_ptr failure;
    try {
        co_await receive(parser, body);
    } catch (...) {
        failure = std::current_exception();
    }
    co_await end_sending();
    const bool whole = sending_->whole;
    sending_.reset();
    if (failure) {
        std::rethrow_exception(body_error_ ? body_error_ : failure);
    }
    body_error_ = nullptr; // the answer came first
    co_return whole;
}

// Reads the answer. One that is known is not lost by what becomes of a body that nobody wants.
asio::awaitable<void> exchange::receive(response_parser& parser, body_collector& body)
{
    try {
        co_await read_answer(parser, body);
    } catch (const std::system_error&) {
        const bool stopped = aborted_ && !abort_reason_;
        if (stopped || !is_settled(parser, body)) {
            throw;
        }
        // A limit of the whole ends whatever this answer leads to; any other was one of the body.
        aborted_ = false;
        abort_reason_ = {};
    }
    if (is_settled(parser, body)) {
        disarm();
    }
}

asio::awaitable<void> exchange::read_answer(response_parser& parser, body_collector& body)
{
    const read_buffers::block buffer(context_.buffers);
    if (!speed_ || !segments_) {
        speed_.emplace(job_.limits.min_speed, job_.limits.min_speed_window);
    }
    speed_watch& speed = *speed_;
    const std::string origin = job_.message.url.origin();
    while (!parser.done()) {
        const auto ready = steady_clock::now();
        co_await wait_for_rate(origin);
        speed.skip(steady_clock::now() - ready);
        arm(job_.limits.idle, errc::idle_timed_out);
        const bool uploading = sending_ && !sending_->ended;
        if (!uploading) {
            arm_until(speed.deadline(), errc::too_slow);
        }
        const std::size_t room = std::min(read_buffers::size, context_.rates.piece());
        const std::size_t size = co_await connection_->read_some(asio::buffer(buffer.data(), room));
        require_running();
        const auto arrival = steady_clock::now();
        context_.rates.charge(origin, size, arrival);
        if (!uploading) {
            speed.begin(arrival);
            speed.add(size, arrival);
        }
        if (size == 0) {
            // A server that answers early and closes often resets the connection. That the end then
            // is one is not known; it matters little where the body only explains an error.
            const bool cut = sending_ && sending_->broken && parser.head().ok();
            parser.feed_end(connection_->ended_orderly() && !cut);
            co_await take_in(body, true);
            break;
        }
        if (!parser.started()) {
            observe(event::kind::first_byte, sent_at_);
        }
        parser.feed({buffer.data(), size});
        heed(parser);
        if (is_settled(parser, body)) {
            co_await read_unwanted(parser, body, buffer);
            break;
        }
        if (parser.has_head()) {
            retries_.progress(arrival);
        }
        const bool enough = count_segment(parser.head(), body, sent_at_);
        co_await take_in(body, parser.done() || enough);
        if (body.file_is_kept) {
            break;
        }
        observe_progress(body, sent_at_);
        speed.skip(steady_clock::now() - arrival);
        if (enough) {
            break;
        }
        consider_segments(parser.head(), body, sent_at_);
    }
    if (parser.done()) {
        body.finish();
    }
}

// Reads a body that nobody wants as long as that can save the connection, and not for long: opening
// another one takes no longer either.
asio::awaitable<void> exchange::read_unwanted(response_parser& parser,
                                              const body_collector& body,
                                              const read_buffers::block& buffer)
{
    const std::string origin = job_.message.url.origin();
    const auto end = steady_clock::now() + longest_discard;
    const bool too_long = body.length() && *body.length() > discard_limit;
    while (!parser.done() && !too_long && body.size() <= discard_limit && can_keep(parser) &&
           context_.rates.ready(origin) < end) {
        co_await wait_for_rate(origin);
        arm(end, errc::body_truncated); // which nobody hears of
        const std::size_t room = std::min(read_buffers::size, context_.rates.piece());
        const std::size_t size = co_await connection_->read_some(asio::buffer(buffer.data(), room));
        require_running();
        context_.rates.charge(origin, size, steady_clock::now());
        if (size == 0) {
            break;
        }
        parser.feed({buffer.data(), size});
    }
}

// Whether the connection may be of use after the end of this answer.
bool exchange::can_keep(const response_parser& parser) const
{
    const auto wish = job_.message.headers.get("Connection");
    return parser.can_keep_alive() && !(wish && list_contains(*wish, "close")) &&
           (!sending_ || sending_->whole);
}

void exchange::drop_connection() noexcept
{
    connection_.reset();
}

// Every failure leaves the client as a request_error that names the URL.
std::exception_ptr exchange::translated(std::exception_ptr error) const
{
    const std::string url = job_.message.url.str();
    const std::string tries =
        retries_.tries() > 1 ? "after " + std::to_string(retries_.tries()) + " tries" : "";
    if (aborted_ && abort_reason_) {
        return std::make_exception_ptr(request_error(abort_reason_, url, tries));
    }
    if (error == body_error_) {
        return error;
    }
    try {
        std::rethrow_exception(error);
    } catch (const request_error&) {
        return error;
    } catch (const file_error& file) {
        return std::make_exception_ptr(request_error(file.code(),
                                                     url,
                                                     file_ ? file_->destination() : job_.target,
                                                     std::string("cannot ") + file.action()));
    } catch (const std::system_error& system) {
        std::string detail = detail_of(system);
        detail += (detail.empty() || tries.empty() ? "" : ", ") + tries;
        return std::make_exception_ptr(request_error(system.code(), url, detail));
    } catch (...) {
        return error;
    }
}

} // namespace cofutures::http::detail
