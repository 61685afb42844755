// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/detail/tiny_lock.hpp>
#include <cofutures/detail/type_name.hpp>
#include <cofutures/error_handler.hpp>

#include <cstdio>
#include <memory>
#include <mutex>
#include <utility>

namespace cofutures {

namespace {

const char* what_happened(error_report::source where)
{
    switch (where) {
    case error_report::source::unobserved_failure:
        return "a task failed and nobody looked";
    case error_report::source::done_callback:
        return "a done-callback threw";
    case error_report::source::initializer:
        return "a worker's initializer threw";
    case error_report::source::handler:
        return "a handler threw";
    }
    return "error";
}

void write_to_stderr(const error_report& report)
{
    std::string line = "cofutures: ";
    line += what_happened(report.where);
    if (!report.task.empty()) {
        line += " [" + report.task + "]";
    }
    line += ": " + detail::describe_exception(report.exception) + "\n";
    // One call, so that lines of several threads do not mix.
    std::fputs(line.c_str(), stderr);
}

struct handler_slot {
    detail::tiny_lock lock;                       // which a forked child gets in any case
    std::shared_ptr<const error_handler> handler; // guarded by lock
};

handler_slot& slot()
{
    // Never destroyed: futures in static storage may still report while the program exits.
    static auto* const instance = new handler_slot;
    return *instance;
}

} // namespace

error_handler set_error_handler(error_handler handler)
{
    auto next = handler ? std::make_shared<const error_handler>(std::move(handler)) : nullptr;
    {
        std::lock_guard lock(slot().lock);
        slot().handler.swap(next);
    }
    return next ? *next : error_handler();
}

void detail::report_error(const error_report& report) noexcept
{
    try {
        std::shared_ptr<const error_handler> handler;
        {
            std::lock_guard lock(slot().lock);
            handler = slot().handler;
        }
        if (handler) {
            (*handler)(report);
        } else {
            write_to_stderr(report);
        }
    } catch (...) {
        // Documented: there is nowhere left to send what an error handler throws.
    }
}

} // namespace cofutures
