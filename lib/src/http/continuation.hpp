// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Whether the bytes of an answer may be put behind, or between, those that are there of a file.

#include <cofutures/http/message.hpp>

#include "partial_record.hpp"
#include "segment_plan.hpp"

#include <cstdint>
#include <optional>

namespace cofutures::http::detail {

/// What an answer is worth to whoever has a part of a file and has asked for more of it.
enum class continuation {
    rest,          ///< just the bytes asked for: each of them counts as it comes
    rest_if_whole, ///< the same, unless it ends early or late; until then none of its bytes counts
    whole,         ///< the file from its beginning, whose bytes take the place of what is there
    misfit,        ///< another version, other bytes, or a contradiction: only the whole is of use
    nothing        ///< no bytes of the file, and no word about it: what is there remains
};

/// Judges the answer to a request for `asked` of what is `known`, "if that has not changed".
///
/// `length` is what the answer says of its body, by itself and not by its Content-Range. This is the
/// only place that knows when bytes of two answers make one file: a later call, a later try and
/// each of several connections ask here, and what they ask about has not been written anywhere yet.
///
/// An answer must repeat the ETag that was known (RFC 9110, section 15.3.7, obliges it to). It need
/// not repeat Last-Modified, which the same section advises against for a condition that holds; a
/// server that does not look at conditions sends it, and it must then be the same.
continuation judge(const partial_record& known,
                   byte_range asked,
                   const response_head& head,
                   std::optional<std::uint64_t> length);

/// Tells whether an answer has the file in it, or a part of it: a 202, 204 or 205 is a success without.
bool brings_file(const response_head& head) noexcept;

/// Tells whether an answer that brings the file is all of it, as far as its header says. Some servers
/// send a part under a status that stands for the whole, whether they were asked for one or not.
bool is_whole(const response_head& head, std::optional<std::uint64_t> length);

} // namespace cofutures::http::detail
