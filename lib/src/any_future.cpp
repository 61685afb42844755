// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/any_future.hpp>
#include <cofutures/detail/type_name.hpp>

#include <ostream>
#include <sstream>

namespace cofutures {

bool any_future::running() const
{
    state().refresh();
    const auto now = state().current();
    return now == detail::phase::running || now == detail::phase::finishing;
}

std::exception_ptr any_future::exception(timeout limit) const
{
    auto& target = state();
    if (!target.wait(limit.deadline())) {
        throw timeout_error();
    }
    switch (target.current()) {
    case detail::phase::cancelled:
        throw cancelled_error();
    case detail::phase::failed:
        return target.observe_error();
    default:
        return nullptr;
    }
}

void any_future::require_success(timeout limit) const
{
    if (const auto failure = exception(limit)) {
        std::rethrow_exception(failure);
    }
}

void any_future::throw_no_state()
{
    throw invalid_state_error(
        "cofutures: the future has no task (it was default-constructed or moved from)");
}

std::string to_string(const any_future& future)
{
    std::ostringstream out;
    out << future;
    return std::move(out).str();
}

std::ostream& operator<<(std::ostream& out, const any_future& future)
{
    detail::shared_state* const state = detail::future_access::state(future);
    if (state == nullptr) {
        return out << "<future invalid>";
    }
    state->refresh();
    out << "<future " << static_cast<const void*>(state) << " state=";
    switch (state->current()) {
    case detail::phase::pending:
        return out << "pending>";
    case detail::phase::running:
    case detail::phase::finishing:
        return out << "running>";
    case detail::phase::cancelling:
    case detail::phase::cancelled:
        return out << "cancelled>";
    case detail::phase::succeeded:
        return out << "finished returned " << detail::demangled(state->value_type()) << '>';
    case detail::phase::failed:
        return out << "finished raised " << detail::exception_type_name(state->error()) << '>';
    }
    return out;
}

} // namespace cofutures
