// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Where the bytes of a request's body come from while it is sent.

#include <cofutures/http/request_body.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string_view>

namespace cofutures::http::detail {

/// A generator and whether it has begun; all copies of a body share it.
struct generated_body {
    request_body::generator next;
    std::optional<std::uint64_t> length;
    std::atomic<bool> taken{false}; // says that somebody calls `next`; publishes nothing else
};

/// Wraps what a generator has thrown.
struct generator_failure {
    std::exception_ptr error;
};

/// Produces one body, as it goes over the wire, piece by piece.
///
/// **Throws** `file_error`; `generator_failure`; `std::system_error` with an `errc`.
class body_source {
public:
    /// Which thread `open()` and `next()` may be called on, for the sake of the others there.
    enum class place { anywhere, files, generators };

    static place place_of(const request_body& body) noexcept;

    /// Prepares for sending; `body` must stay as it is meanwhile.
    static std::unique_ptr<body_source> open(const request_body& body);

    virtual ~body_source() = default;
    body_source(const body_source&) = delete;
    body_source& operator=(const body_source&) = delete;

    /// What `Content-Length` says; nothing if the pieces are chunks.
    virtual std::optional<std::uint64_t> length() const noexcept = 0;

    /// Produces the next bytes, which are valid until the next call. None at all only means that
    /// there are none yet.
    virtual std::string_view next() = 0;

    /// Tells whether everything has been produced.
    virtual bool done() const noexcept = 0;

protected:
    body_source() = default;
};

} // namespace cofutures::http::detail
