// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "partial_record.hpp"

#include "http_date.hpp"
#include "own_file.hpp"
#include "token.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace cofutures::http::detail {

namespace {

// Programs that know nothing of gaps, or of codings, must not take such a part for one without.
constexpr std::string_view first_line = "cofutures part 1";
constexpr std::string_view first_line_with_gaps = "cofutures part 2";
constexpr std::string_view first_line_with_coding = "cofutures part 3";
constexpr std::string_view last_line = "end"; // a list that was cut off is none

constexpr std::size_t longest_text = 1024 * 1024;

// Nothing at the end of the text; the last line need not have an end of its own.
std::optional<std::string_view> take_line(std::string_view& text)
{
    if (text.empty()) {
        return std::nullopt;
    }
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
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

std::optional<partial_record> partial_record::parse(std::string_view text)
{
    const auto magic = take_line(text);
    if (magic != first_line && magic != first_line_with_gaps && magic != first_line_with_coding) {
        return std::nullopt;
    }
    const auto url = take_line(text);
    const auto validator = take_line(text);
    auto digits = take_line(text);
    const auto length = digits ? take_number(*digits, "") : std::nullopt;
    if (!length || !digits->empty() || validator->empty() ||
        !is_field_value(*validator)) { // it is to be sent
        return std::nullopt;
    }
    partial_record record{
        .url = std::string(*url), .validator = std::string(*validator), .length = *length};
    if (magic == first_line) {
        return record;
    }
    if (magic == first_line_with_coding) {
        record.coding = take_line(text).value_or("");
        if (record.coding.empty()) {
            return std::nullopt;
        }
    }
    const auto ranges = take_line(text);
    if (!ranges || take_line(text) != last_line) {
        return std::nullopt;
    }
    if (!ranges->empty() || record.coding.empty()) {
        auto missing = parse_missing(*ranges, record.length);
        if (!missing) {
            return std::nullopt;
        }
        record.missing = std::move(*missing);
    }
    return record;
}

std::string partial_record::text() const
{
    const bool more = !missing.empty() || !coding.empty();
    std::string text(!coding.empty() ? first_line_with_coding
                     : more          ? first_line_with_gaps
                                     : first_line);
    text += '\n' + url + '\n' + validator + '\n' + std::to_string(length) + '\n';
    if (!coding.empty()) {
        text += coding + '\n';
    }
    const char* separator = "";
    for (const byte_range& each : missing) {
        text += std::exchange(separator, ",");
        text += std::to_string(each.begin) + '-' + std::to_string(each.end - 1);
    }
    if (more) {
        text += '\n';
        text += last_line;
        text += '\n';
    }
    return text;
}

std::optional<partial_record> partial_record::load(const std::filesystem::path& path)
{
    const auto text = read_own_file(path, longest_text);
    return text ? parse(*text) : std::nullopt;
}

bool partial_record::save(const std::filesystem::path& path) const
{
    return replace_own_file(path, text());
}

bool is_entity_tag(std::string_view text)
{
    return text.size() >= 2 && text.front() == '"' && text.back() == '"';
}

bool agree(const headers& fields, std::string_view name)
{
    const auto first = fields.get(name);
    return std::all_of(fields.begin(), fields.end(), [&](const headers::field& each) {
        return !equal_ignoring_case(each.first, name) || each.second == *first;
    });
}

std::string content_coding(const response_head& head)
{
    std::string codings;
    for (const auto& [name, value] : head.headers) {
        if (equal_ignoring_case(name, "Content-Encoding")) {
            codings += codings.empty() ? "" : ",";
            for (const char c : value) {
                codings += c == ' ' || c == '\t' ? std::string() : std::string(1, ascii_lower(c));
            }
        }
    }
    return codings == "identity" ? std::string() : codings;
}

std::string strong_validator(const response_head& head)
{
    // A weak tag ("W/...") only says that the meaning is the same, not the bytes.
    if (const auto tag = head.headers.get("ETag")) {
        const bool certain = is_entity_tag(*tag) && agree(head.headers, "ETag");
        return certain ? std::string(*tag) : std::string();
    }
    const auto modified = head.headers.get("Last-Modified").value_or("");
    const auto changed = parse_http_date(modified);
    const auto sent = parse_http_date(head.headers.get("Date").value_or(""));
    return changed && sent && *changed < *sent ? std::string(modified) : std::string();
}

} // namespace cofutures::http::detail
