// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "continuation.hpp"

#include "token.hpp"

#include <string_view>

namespace cofutures::http::detail {

namespace {

bool speaks_with_one_voice(const response_head& head)
{
    return agree(head.headers, "Content-Range") && agree(head.headers, "ETag") &&
           agree(head.headers, "Last-Modified");
}

bool has_several_parts(const response_head& head)
{
    constexpr std::string_view type = "multipart/byteranges";
    const auto found = head.headers.get("Content-Type").value_or("");
    return equal_ignoring_case(found.substr(0, type.size()), type);
}

// With its tag gone, or with a new one, an answer may have been made from any version.
bool is_same_version(const partial_record& known, const response_head& head)
{
    const auto tag = head.headers.get("ETag");
    if (is_entity_tag(known.validator)) {
        return tag && *tag == known.validator;
    }
    const auto modified = head.headers.get("Last-Modified");
    return !tag && (!modified || *modified == known.validator);
}

continuation judge_part(const partial_record& known,
                        byte_range asked,
                        const response_head& head,
                        std::optional<std::uint64_t> length)
{
    const auto range = content_range::parse(head.headers.get("Content-Range").value_or(""));
    const bool fits = range && range->first == asked.begin && range->last + 1 == asked.end &&
                      range->length == known.length && !has_several_parts(head) &&
                      content_coding(head) == known.coding && is_same_version(known, head);
    if (!fits || (length && *length != asked.end - asked.begin)) {
        return continuation::misfit;
    }
    return length ? continuation::rest : continuation::rest_if_whole;
}

} // namespace

continuation judge(const partial_record& known,
                   byte_range asked,
                   const response_head& head,
                   std::optional<std::uint64_t> length)
{
    switch (head.status) {
    case 206:
        return speaks_with_one_voice(head) ? judge_part(known, asked, head, length)
                                           : continuation::misfit;
    case 304: // the condition was another one
    case 412:
    case 416:
        return continuation::misfit;
    default:
        break;
    }
    if (!brings_file(head)) {
        return continuation::nothing;
    }
    return is_whole(head, length) ? continuation::whole : continuation::misfit;
}

bool brings_file(const response_head& head) noexcept
{
    return head.ok() && head.status != 202 && head.status != 204 && head.status != 205;
}

bool is_whole(const response_head& head, std::optional<std::uint64_t> length)
{
    if (head.status == 206 || !agree(head.headers, "Content-Range")) {
        return false;
    }
    const auto text = head.headers.get("Content-Range");
    if (!text) {
        return true;
    }
    const auto range = content_range::parse(*text);
    return range && range->first == 0 && range->last + 1 == range->length &&
           (!length || *length == range->length);
}

} // namespace cofutures::http::detail
