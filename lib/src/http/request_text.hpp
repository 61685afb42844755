// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The head of a request as the bytes that go over the wire.

#include <cofutures/http/message.hpp>
#include <cofutures/http/proxy.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cofutures::http::detail {

/// Writes out a request line and fields, with the empty line behind them.
///
/// All that is ever sent ahead of a body goes through here, and only as `headers`: these hold no line
/// end that would begin another field or another request.
///
/// **Throws** `std::system_error` with `errc::invalid_request` if the method is not a token.
std::string head_text(std::string_view method, std::string_view target, const headers& fields);

/// Writes out a request up to its body; `usual` and `conditions` are fields that its own ones
/// overrule.
///
/// Without a `length` the body is announced as chunks.
///
/// An HTTP proxy that is `asked` in place of the server gets the whole URL, and to know who asks;
/// nobody else gets a `Proxy-Authorization`.
///
/// **Throws** `std::system_error` with `errc::invalid_request` if the method is not a token, or if
///   a header would frame the body differently than we do.
std::string request_head(const request& message,
                         std::optional<std::uint64_t> length,
                         const headers& usual,
                         const headers& conditions = {},
                         const proxy* asked = nullptr);

/// Tells whether a request may be repeated without changing what it means.
bool is_idempotent(std::string_view method) noexcept;

} // namespace cofutures::http::detail
