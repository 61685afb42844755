// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The codings that a body may come in, undone piece by piece.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace cofutures::http::detail {

/// What we can undo, as it stands in `Accept-Encoding`.
inline constexpr std::string_view accepted_codings = "gzip, deflate, br, zstd";

/// A decoder for one body.
///
/// It writes little at a time, so that whoever reads can stop a body that grows without end.
///
/// **Throws** `std::system_error` with `errc::decoding_failed`.
class content_decoder {
public:
    /// The most that one step adds to its output.
    static constexpr std::size_t step_size = 64 * 1024;

    virtual ~content_decoder() = default;

    /// Takes a step: shortens `input` by what it used, appends to `output` what came of it.
    ///
    /// True if another step may yield more without further input.
    virtual bool step(std::string_view& input, std::string& output) = 0;

    /// Tells whether the coded data is complete.
    virtual bool complete() const noexcept = 0;
};

/// For gzip, of one member or several, and for deflate, with zlib's frame or, as some servers
/// misunderstood it, without.
std::unique_ptr<content_decoder> make_gzip_decoder();
std::unique_ptr<content_decoder> make_deflate_decoder();
std::unique_ptr<content_decoder> make_brotli_decoder();

/// Refuses windows beyond the 8 MiB of RFC 9659.
std::unique_ptr<content_decoder> make_zstd_decoder();

/// Makes the decoder for a `Content-Encoding`; null for none that we know, and for lists.
std::unique_ptr<content_decoder> make_decoder(std::string_view coding);

/// Throws what decoders throw.
[[noreturn]] void fail_decoding(std::string_view why);

} // namespace cofutures::http::detail
