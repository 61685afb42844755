// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What goes to a server and what comes back, as plain values. Floor 6.

#include <cofutures/http/error.hpp>
#include <cofutures/http/request_body.hpp>
#include <cofutures/http/url.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cofutures::http {

/// The header fields of a message, in order; names compare without regard to case.
class headers {
public:
    using field = std::pair<std::string, std::string>;
    using const_iterator = std::vector<field>::const_iterator;

    headers() = default;

    /// **Throws** As `add`.
    headers(std::initializer_list<field> fields);

    /// Appends a field, keeping others of the same name.
    ///
    /// **Throws** `std::invalid_argument` if the name is not a token or the value holds a line end
    ///   or another control character: such a field could smuggle a second request.
    void add(std::string name, std::string value);

    /// Replaces every field of this name by one.
    ///
    /// **Throws** As `add`.
    void set(std::string name, std::string value);

    /// Removes every field of this name and returns how many there were.
    std::size_t remove(std::string_view name);

    /// The value of the first field of this name.
    std::optional<std::string_view> get(std::string_view name) const noexcept;

    bool contains(std::string_view name) const noexcept { return get(name).has_value(); }

    std::size_t size() const noexcept { return fields_.size(); }
    bool empty() const noexcept { return fields_.empty(); }
    const_iterator begin() const noexcept { return fields_.begin(); }
    const_iterator end() const noexcept { return fields_.end(); }

    friend bool operator==(const headers&, const headers&) = default;

private:
    std::vector<field> fields_;
};

/// A request: what to do, where, and with which body.
///
/// The client adds `Host`, `User-Agent` and `Accept` where they are missing, and says itself how long
/// the body is. With an `Expect: 100-continue` the body waits until the server wants it, for a second
/// at most, and is not sent if the server answers at once.
struct request {
    std::string method = "GET";
    http::url url;
    http::headers headers = {};
    request_body body = {};
};

/// The first lines of an answer, and where it came from.
struct response_head {
    int status = 0;
    std::string reason = {};
    http::headers headers = {};

    /// Where the answer came from: the last URL of the redirects.
    std::string url = {};

    /// How many redirects were followed.
    std::size_t redirects = 0;

    /// How often the request was made, by `retry_policy`, until this answer came.
    std::size_t tries = 1;

    /// Tells whether the status is one of 200 to 299.
    bool ok() const noexcept { return status >= 200 && status < 300; }

    /// Throws `status_error` ("HTTP 404 Not Found: URL") unless `ok()`.
    void ensure_success() const;
};

/// An answer with its body in memory.
struct response : response_head {
    std::string body;
};

/// An answer whose body went to a file.
///
/// Only a body that came with a success status is stored, and none of a 202, 204 or 205, which bring
/// no file; look at `path` before using it.
struct download_result : response_head {
    /// The file, complete under its final name, which `file_options::use_server_name` may have left to
    /// the server; empty if there is none, because the answer was not a success.
    std::filesystem::path path;

    /// The length of the file in bytes, or of what was read of a body that was not stored.
    std::uint64_t size = 0;

    /// How much of the file was there from an earlier try, and was not fetched again.
    std::uint64_t resumed_at = 0;

    /// Whether `path` is the file that was there before, which `file_options::if_exists` protected.
    /// The status is 0 if the server was not asked.
    bool kept = false;
};

} // namespace cofutures::http
