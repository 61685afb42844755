// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/error_handler.hpp>

#include "exchange.hpp"

#include <string>

// What an exchange tells its observer.

namespace cofutures::http {

std::string_view name_of(event::kind what) noexcept
{
    switch (what) {
    case event::kind::queued:
        return "queued";
    case event::kind::resolved:
        return "resolved";
    case event::kind::connected:
        return "connected";
    case event::kind::secured:
        return "secured";
    case event::kind::sent:
        return "sent";
    case event::kind::first_byte:
        return "first_byte";
    case event::kind::progress:
        return "progress";
    case event::kind::retried:
        return "retried";
    case event::kind::done:
        return "done";
    }
    return "unknown";
}

namespace detail {

namespace {

std::error_code code_of(const std::exception_ptr& failure)
{
    if (!failure) {
        return {};
    }
    try {
        std::rethrow_exception(failure);
    } catch (const std::system_error& error) {
        return error.code();
    } catch (const std::bad_alloc&) {
        return std::make_error_code(std::errc::not_enough_memory);
    } catch (...) {
        return std::make_error_code(std::errc::io_error);
    }
}

} // namespace

void exchange::observe(event::kind what, std::chrono::steady_clock::time_point since)
{
    // For an observer a file in segments has one answer: the first.
    if (job_.on_event && !(segments_ && segments_->answered)) {
        observe({.what = what,
                 .call = number_,
                 .url = {},
                 .tries = retries_.tries(),
                 .took = std::chrono::steady_clock::now() - since});
    }
}

void exchange::observe_progress(const body_collector& body,
                                std::chrono::steady_clock::time_point since)
{
    if (job_.on_event && !segments_ && body.kind() != body_collector::mode::discard) {
        observe({.what = event::kind::progress,
                 .call = number_,
                 .url = {},
                 .tries = retries_.tries(),
                 .took = std::chrono::steady_clock::now() - since,
                 .size = body.facts().offset + body.size(),
                 .length = body.length()});
    }
}

// Of all who fetch the file.
void exchange::observe_segments()
{
    if (job_.on_event) {
        const std::uint64_t length = segments_->record.length;
        observe({.what = event::kind::progress,
                 .call = number_,
                 .url = {},
                 .tries = retries_.tries(),
                 .took = std::chrono::steady_clock::now() - segments_->sent,
                 .size = length - segments_->plan.unfetched(),
                 .length = length});
    }
}

void exchange::observe_retry(std::chrono::milliseconds wait, const std::exception_ptr& failure)
{
    if (job_.on_event) {
        observe({.what = event::kind::retried,
                 .call = number_,
                 .url = {},
                 .tries = retries_.tries(),
                 .took = wait,
                 .status = outcome_.head.status,
                 .error = code_of(failure)});
    }
}

void exchange::observe_end(const std::exception_ptr& failure)
{
    if (job_.on_event) {
        const bool stopped = aborted_ && !abort_reason_;
        observe({.what = event::kind::done,
                 .call = number_,
                 .url = {},
                 .tries = retries_.tries(),
                 .took = std::chrono::steady_clock::now() - asked_,
                 .size = outcome_.size,
                 .status = outcome_.head.status,
                 .error = stopped ? std::make_error_code(std::errc::operation_canceled)
                                  : code_of(failure)});
    }
}

void exchange::observe(event what) const
{
    const std::string url = job_.message.url.str();
    what.url = url;
    try {
        job_.on_event(what);
    } catch (...) {
        cofutures::detail::report_error({.where = error_report::source::handler,
                                         .exception = std::current_exception(),
                                         .task = "observer of " + url});
    }
}

} // namespace detail

} // namespace cofutures::http
