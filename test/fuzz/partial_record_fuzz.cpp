// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

// Input: a Content-Range on the first line, an ETag on the second, a record in the rest.

#include "fuzz_target.hpp"
#include "http/continuation.hpp"
#include "http/partial_record.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>

namespace http = cofutures::http;
using http::detail::content_range;
using http::detail::continuation;
using http::detail::is_entity_tag;
using http::detail::judge;
using http::detail::partial_record;

namespace {

void check_range(std::string_view text)
{
    if (const auto range = content_range::parse(text)) {
        fuzz::require(range->first <= range->last && range->last < range->length,
                      "a range lies within its whole");
        fuzz::require(content_range::parse("bytes " + std::to_string(range->first) + "-" +
                                           std::to_string(range->last) + "/" +
                                           std::to_string(range->length)) == range,
                      "a range reads back");
    }
}

void check_missing(const partial_record& record)
{
    std::uint64_t after = 0;
    for (const auto& each : record.missing) {
        fuzz::require(each.begin > after && each.begin < each.end && each.end <= record.length,
                      "gaps are in order, apart from each other, and within the whole");
        after = each.end;
    }
}

http::response_head answer(std::string_view range, std::string_view tag)
{
    http::response_head head{.status = 206};
    try {
        head.headers.add("Content-Range", std::string(range));
        head.headers.add("ETag", std::string(tag));
    } catch (const std::invalid_argument&) {
    }
    return head;
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string_view rest = fuzz::text_of(data, size);
    const std::string_view range = fuzz::take_line(rest);
    const std::string_view tag = fuzz::take_line(rest);
    check_range(range);

    const http::response_head head = answer(range, tag);
    const std::string validator = http::detail::strong_validator(head);
    fuzz::require(validator.empty() || !validator.starts_with("W/"), "a weak tag proves nothing");

    const auto record = partial_record::parse(rest);
    if (!record) {
        return 0;
    }
    fuzz::require(!record->validator.empty(), "a record without validator is none");
    fuzz::require(partial_record::parse(record->text()) == record, "a record reads back");
    check_missing(*record);
    const auto parts = content_range::parse(range);
    const http::detail::byte_range wanted =
        record->missing.empty() ? http::detail::byte_range{parts ? parts->first : 0, record->length}
                                : record->missing.front();
    const std::uint64_t size_of_rest = wanted.end - wanted.begin;
    const bool continues = judge(*record, wanted, head, size_of_rest) == continuation::rest;
    fuzz::require(continues == (judge(*record, wanted, head, {}) == continuation::rest_if_whole),
                  "without its length, the same is not certain yet");
    fuzz::require(judge(*record, wanted, head, size_of_rest + 1) == continuation::misfit,
                  "a part of another length does not continue a part");
    if (continues) {
        fuzz::require(parts && parts->length == record->length && parts->first == wanted.begin &&
                          parts->last == wanted.end - 1,
                      "only what was asked for continues a part");
        const auto other = head.headers.get("ETag");
        fuzz::require(is_entity_tag(record->validator) ? other == record->validator : !other,
                      "another tag, or none, does not continue a part");
        fuzz::require(record->coding.empty(), "what is coded does not go on without coding");
    }
    return 0;
}
