// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "partial_record.hpp"

#include "http_date.hpp"
#include "token.hpp"

#include <charconv>
#include <fstream>
#include <utility>

namespace cofutures::http::detail {

namespace {

constexpr std::string_view first_line = "cofutures part 1";
constexpr std::string_view first_line_with_gaps = "cofutures part 2";
constexpr std::string_view last_line_with_gaps = "end"; // a list that was cut off is none

bool is_entity_tag(std::string_view text)
{
    return text.size() >= 2 && text.front() == '"' && text.back() == '"';
}

// Reads a number and what must follow it.
std::optional<std::uint64_t> take_number(std::string_view& text, std::string_view separator)
{
    std::uint64_t value = 0;
    const auto [stop, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    if (ec != std::errc() || !text.starts_with(separator)) {
        return std::nullopt;
    }
    text.remove_prefix(separator.size());
    return value;
}

// Reads "FIRST-LAST,FIRST-LAST,…": in order, apart from each other, within the length and not from the
// first byte on. Nothing if it is anything else.
std::optional<std::vector<byte_range>> parse_missing(std::string_view text, std::uint64_t length)
{
    std::vector<byte_range> ranges;
    while (ranges.empty() || !text.empty()) {
        const auto first = take_number(text, "-");
        const auto last = first ? take_number(text, "") : std::nullopt;
        const std::uint64_t least = ranges.empty() ? 1 : ranges.back().end + 1;
        if (!last || *first < least || *last < *first || *last >= length) {
            return std::nullopt;
        }
        ranges.push_back({*first, *last + 1});
        if (text.starts_with(',') && text.size() > 1) {
            text.remove_prefix(1);
        } else if (!text.empty()) {
            return std::nullopt;
        }
    }
    return ranges;
}

} // namespace

std::optional<content_range> content_range::parse(std::string_view text)
{
    constexpr std::string_view unit = "bytes ";
    if (!equal_ignoring_case(text.substr(0, unit.size()), unit)) {
        return std::nullopt;
    }
    text.remove_prefix(unit.size());
    const auto first = take_number(text, "-");
    const auto last = first ? take_number(text, "/") : std::nullopt;
    const auto length = last ? take_number(text, "") : std::nullopt;
    if (!length || !text.empty() || *first > *last || *last >= *length) {
        return std::nullopt;
    }
    return content_range{*first, *last, *length};
}

std::optional<partial_record> partial_record::load(const std::filesystem::path& path)
{
    std::ifstream file(path);
    std::string magic;
    std::string length;
    partial_record record;
    if (!std::getline(file, magic) || (magic != first_line && magic != first_line_with_gaps) ||
        !std::getline(file, record.url) || !std::getline(file, record.validator) ||
        !std::getline(file, length) || record.validator.empty()) {
        return std::nullopt;
    }
    std::string_view digits = length;
    const auto value = take_number(digits, "");
    if (!value || !digits.empty()) {
        return std::nullopt;
    }
    record.length = *value;
    if (magic == first_line_with_gaps) {
        std::string ranges;
        std::string end;
        if (!std::getline(file, ranges) || !std::getline(file, end) || end != last_line_with_gaps) {
            return std::nullopt;
        }
        auto missing = parse_missing(ranges, record.length);
        if (!missing) {
            return std::nullopt;
        }
        record.missing = std::move(*missing);
    }
    return record;
}

bool partial_record::save(const std::filesystem::path& path) const
{
    std::filesystem::path fresh = path;
    fresh += "~";
    {
        std::ofstream file(fresh, std::ios::trunc);
        // Programs that know nothing of gaps must not take such a file for one without.
        file << (missing.empty() ? first_line : first_line_with_gaps) << '\n'
             << url << '\n'
             << validator << '\n'
             << length << '\n';
        const char* separator = "";
        for (const byte_range& each : missing) {
            file << std::exchange(separator, ",") << each.begin << '-' << each.end - 1;
        }
        if (!missing.empty()) {
            file << '\n' << last_line_with_gaps << '\n';
        }
        if (!file.flush()) {
            return false;
        }
    }
    std::error_code ec;
    std::filesystem::rename(fresh, path, ec);
    return !ec;
}

bool partial_record::continued_by(const response_head& head, byte_range wanted) const
{
    const auto range = content_range::parse(head.headers.get("Content-Range").value_or(""));
    if (head.status != 206 || !range || range->length != length || range->first != wanted.begin ||
        range->last != wanted.end - 1) {
        return false;
    }
    // A server that does not know If-Range sends a range of whatever there is now.
    const auto same = head.headers.get(is_entity_tag(validator) ? "ETag" : "Last-Modified");
    return !same || *same == validator;
}

std::string strong_validator(const response_head& head)
{
    // A weak tag ("W/...") only says that the meaning is the same, not the bytes.
    if (const auto tag = head.headers.get("ETag")) {
        return is_entity_tag(*tag) ? std::string(*tag) : std::string();
    }
    const auto modified = head.headers.get("Last-Modified").value_or("");
    const auto changed = parse_http_date(modified);
    const auto sent = parse_http_date(head.headers.get("Date").value_or(""));
    return changed && sent && *changed < *sent ? std::string(modified) : std::string();
}

} // namespace cofutures::http::detail
