// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What a request carries: bytes in memory, a file, or what a function produces. Floor 6.

#include <cofutures/detail/cplusplus.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace cofutures::http {

namespace detail {
class body_source;
struct generated_body;
} // namespace detail

/// The body of a request, as a value that is cheap to pass on; strings become one by themselves.
///
/// A file and a generator are read while the body is sent, a block or a piece at a time: however
/// large the body is, no more than that is in memory. The server may answer before everything is
/// sent. If its status is 300 or more, or its answer complete, the rest is not sent and the
/// connection not kept; the answer is delivered all the same.
///
/// **Example**
/// ~~~
/// client.post(url, cf::http::request_body::from_file("log.gz"));
/// ~~~
/// **Python** the `data` argument of requests: bytes, an open file or a generator.
/// **See** docs/http.md
class request_body {
public:
    /// Returns the next piece of a body, and nothing behind the last one. Empty pieces are skipped.
    using generator = std::function<std::optional<std::string>()>;

    /// Makes a body of no bytes.
    request_body() = default;

    request_body(std::string bytes) : content_(std::in_place_type<std::string>, std::move(bytes)) {}
    request_body(const char* bytes) : content_(std::in_place_type<std::string>, bytes) {}

    /// Makes a body of what a regular file holds when it is sent.
    ///
    /// Its length is looked up before each sending. A file that then grows is sent up to that length.
    ///
    /// **Runs on** The client's thread for files.
    /// **Throws** (into the future of the call) `request_error` whose `path()` names the file, with
    ///   `errc::wrong_body_length` if the file shrinks meanwhile.
    static request_body from_file(std::filesystem::path path);

    /// Makes a body of the pieces that a function returns.
    ///
    /// With a length it is announced by `Content-Length`; without one the body goes in chunks, a
    /// piece each, which a server of HTTP/1.0 does not understand. Pieces of some KiB or more cost
    /// least.
    ///
    /// Such a body can be sent once. A redirect that wants it again fails with
    /// `errc::invalid_request`, and a request that has begun to send it is not repeated.
    ///
    /// **Runs on** A thread of the client that does nothing else, so it may block; the generators of
    ///   one client take turns there, call by call. The time it takes counts as nobody's silence, but
    ///   as part of `time_limits::total`.
    /// **Cancellation** Closes the socket at once; the future ends when the call that is under way has
    ///   returned. The same holds for time limits.
    /// **Lifetime** It is called neither after the future is done nor beyond the end of the client.
    /// **Throws** `std::invalid_argument` if there is no function. (into the future of the call) What
    ///   the function throws, as it is; `request_error` with `errc::wrong_body_length` if the pieces
    ///   are not as long together as announced. Unless an answer is complete by then, which counts.
    static request_body from_generator(generator next,
                                       std::optional<std::uint64_t> length = std::nullopt);

    /// Tells whether this is a body of no bytes in memory: what requests have if nothing is said.
    bool empty() const noexcept;

    /// Tells whether the body can be sent, perhaps again: a generator that has begun cannot.
    bool can_be_sent() const noexcept;

    /// The bytes of a body in memory; null for files and generators.
    const std::string* bytes() const noexcept { return std::get_if<std::string>(&content_); }

    /// The file of a body that is one; null otherwise.
    const std::filesystem::path* file() const noexcept
    {
        return std::get_if<std::filesystem::path>(&content_);
    }

private:
    friend class detail::body_source;

    std::variant<std::string, std::filesystem::path, std::shared_ptr<detail::generated_body>>
        content_;
};

} // namespace cofutures::http
