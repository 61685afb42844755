// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Bytes in, one response out, without any I/O. Beast's parser works inside, unseen.

#include <cofutures/http/message.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace cofutures::http::detail {

/// Receives the body of a response piece by piece, in the order in which it arrives.
class body_receiver {
public:
    /// Called once, when the header is complete; `length` is known if the server announced it.
    virtual void begin(const response_head& head, std::optional<std::uint64_t> length) = 0;

    virtual void append(std::string_view bytes) = 0;

    /// Tells, after `begin()`, whether the body is of use: one that is not may have any length.
    virtual bool wants_body() const { return true; }

protected:
    ~body_receiver() = default;
};

/// A parser for one response, fed with whatever pieces the network delivers.
///
/// What can no longer become a response is refused as it arrives, piece by piece or line by line:
/// waiting for the rest of it would make a server that speaks another language a slow one.
///
/// Interim responses (1xx) are skipped. Trailer fields are dropped: a client that did not ask for
/// them must not take them for headers.
///
/// **Throws** Members throw `std::system_error` with an `errc`; what the receiver throws passes
///   through.
class response_parser {
public:
    /// Limits that no honest response meets.
    static constexpr std::size_t max_header = 64 * 1024 - 1;

    /// Prepares for the answer to a request; the answer to HEAD has no body whatever its header
    /// says. A body that the receiver wants may have `max_body` bytes.
    response_parser(bool answers_head, std::uint64_t max_body, body_receiver& receiver);
    ~response_parser();

    response_parser(const response_parser&) = delete;
    response_parser& operator=(const response_parser&) = delete;

    /// Takes the next bytes; those after the end of the response are not consumed.
    void feed(std::string_view bytes);

    /// Reports that the connection has ended; throws unless that completes the response.
    ///
    /// Only an `orderly` end completes a body whose length nothing else tells.
    void feed_end(bool orderly = true);

    /// Tells whether the response is complete.
    bool done() const noexcept;

    /// Tells whether the server wants to see the body of the request: 100, Continue.
    bool told_to_continue() const noexcept;

    /// Tells whether status and headers of the response, and not of an interim one, are there, and
    /// the receiver has accepted them.
    bool has_head() const noexcept;

    /// Tells, once `has_head()`, whether the end of the body would leave a connection that can carry
    /// another request.
    bool can_keep_alive() const noexcept;

    /// Tells whether any byte of a response has arrived.
    bool started() const noexcept;

    /// Tells whether the connection can carry another request; ask when `done()`.
    bool keep_alive() const noexcept;

    /// Status and headers; complete when the receiver has been told to begin.
    response_head& head() noexcept;

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace cofutures::http::detail
