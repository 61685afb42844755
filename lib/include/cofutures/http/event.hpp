// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What an observer of the client hears about the way of a request. Floor 6.

#include <cofutures/detail/cplusplus.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <system_error>

namespace cofutures::http {

/// The end of one step of a request, and how long it took.
///
/// Steps that a request does not need have no event: a kept connection is neither looked up nor
/// connected. Redirects and further tries go through the steps again.
struct event {
    enum class kind {
        queued,     ///< got its turn; `took` is the wait in the client's own queue
        resolved,   ///< the addresses of the host are known
        connected,  ///< a socket is connected
        secured,    ///< TLS is agreed on
        sent,       ///< the request is written
        first_byte, ///< the answer begins; `took` is the wait for it
        progress,   ///< another piece of the body has come; `took` is the time since `sent`
        retried,    ///< `error` or `status` leads to another try; `took` is the wait before it
        done,       ///< the end, the last event; `took` is the time since the call was made
    };

    kind what;

    /// The same for all events of one call, and no other call of the client has it.
    std::uint64_t call;

    /// The one asked for at this moment: redirects change it. Valid during the call of the observer.
    std::string_view url;

    /// Which try this is; with `retried`: which one comes.
    std::size_t tries;

    std::chrono::nanoseconds took;

    /// How much of the body there is, decoded, what an earlier try left included; of a file in
    /// segments, what all connections have brought. It falls where what came is lost again.
    std::uint64_t size = 0;

    /// The length of the body, if the server has announced it.
    std::optional<std::uint64_t> length = std::nullopt;

    /// Of `done` and `retried`: the status of the answer; 0 if there is none.
    int status = 0;

    /// Of `done` and `retried`: the failure, if it was one; `std::errc::operation_canceled` where
    /// the call was cancelled.
    std::error_code error = {};
};

/// "queued", "resolved" and so on.
std::string_view name_of(event::kind what) noexcept;

/// Called with each event, and before the future of the call is done.
///
/// What it throws goes to the error handler.
///
/// **Runs on** The client's I/O thread, with no lock held: it must not block.
using observer = std::function<void(const event&)>;

} // namespace cofutures::http
