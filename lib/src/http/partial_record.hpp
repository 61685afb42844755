// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What a part of a file belongs to, and where that is written down.

#include <cofutures/http/message.hpp>

#include "segment_plan.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cofutures::http::detail {

/// The numbers of "bytes FIRST-LAST/LENGTH"; nothing where one is missing or they contradict.
struct content_range {
    std::uint64_t first;
    std::uint64_t last;
    std::uint64_t length;

    static std::optional<content_range> parse(std::string_view text);

    friend bool operator==(const content_range&, const content_range&) = default;
};

/// Which version of which resource a file is (a part of).
struct partial_record {
    std::string url = {};
    std::string validator =
        {};                   ///< what `If-Range` takes: an ETag or a date; empty if there is none
    std::uint64_t length = 0; ///< of the whole

    /// What is not there yet, where the file has gaps; empty: what lies behind its end. The size of
    /// a file with gaps says nothing.
    std::vector<byte_range> missing = {};

    /// The coding in which the file is stored as it came; empty if there is none.
    std::string coding = {};

    /// Reads what `text()` returns; nothing if it is anything else.
    static std::optional<partial_record> parse(std::string_view text);

    /// The record as it stands in a file.
    std::string text() const;

    /// Reads a record; nothing if there is none or it is not one of ours.
    static std::optional<partial_record> load(const std::filesystem::path& path);

    /// Writes the record whole or not at all, for this user's eyes; false if that was impossible.
    bool save(const std::filesystem::path& path) const;

    friend bool operator==(const partial_record&, const partial_record&) = default;
};

/// Tells whether text has the form of a strong ETag.
bool is_entity_tag(std::string_view text);

/// Tells whether all fields of a name have the same value, if there are any.
bool agree(const headers& fields, std::string_view name);

/// The codings of a body, in lower case and without blanks; empty if there is none.
std::string content_coding(const response_head& head);

/// What proves that two answers were made of the same bytes; empty if nothing does.
///
/// A strong ETag, or a Last-Modified that is older than the answer's Date: within the same second a
/// file can change twice.
///
/// **See** RFC 9110 sections 8.8.1, 8.8.2.2 and 13.1.5.
std::string strong_validator(const response_head& head);

} // namespace cofutures::http::detail
