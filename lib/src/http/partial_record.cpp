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
    if (!std::getline(file, magic) || magic != first_line || !std::getline(file, record.url) ||
        !std::getline(file, record.validator) || !std::getline(file, length) ||
        record.validator.empty()) {
        return std::nullopt;
    }
    std::string_view digits = length;
    const auto value = take_number(digits, "");
    if (!value || !digits.empty()) {
        return std::nullopt;
    }
    record.length = *value;
    return record;
}

bool partial_record::save(const std::filesystem::path& path) const
{
    std::filesystem::path fresh = path;
    fresh += "~";
    {
        std::ofstream file(fresh, std::ios::trunc);
        file << first_line << '\n' << url << '\n' << validator << '\n' << length << '\n';
        if (!file.flush()) {
            return false;
        }
    }
    std::error_code ec;
    std::filesystem::rename(fresh, path, ec);
    return !ec;
}

bool partial_record::continued_by(const response_head& head, std::uint64_t offset) const
{
    const auto range = content_range::parse(head.headers.get("Content-Range").value_or(""));
    if (head.status != 206 || !range || range->first != offset || range->length != length ||
        range->last != length - 1) {
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
