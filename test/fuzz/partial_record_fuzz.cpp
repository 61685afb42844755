// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

// Input: a Content-Range on the first line, an ETag on the second, a record in the rest.

#include "fuzz_target.hpp"
#include "http/partial_record.hpp"

#include <stdexcept>
#include <string>
#include <system_error>

#include <sys/mman.h>
#include <unistd.h>

namespace http = cofutures::http;
using http::detail::content_range;
using http::detail::partial_record;

namespace {

/// A file that has a path but is on no disk.
class memory_file {
public:
    explicit memory_file(std::string_view text) : descriptor_(::memfd_create("record", 0))
    {
        if (descriptor_ < 0 ||
            ::write(descriptor_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
            throw std::system_error(errno, std::system_category(), "memfd_create");
        }
    }
    memory_file(const memory_file&) = delete;
    memory_file& operator=(const memory_file&) = delete;
    ~memory_file() { ::close(descriptor_); }

    std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

private:
    int descriptor_;
};

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

std::string written(const partial_record& record)
{
    std::string text = record.missing.empty() ? "cofutures part 1\n" : "cofutures part 2\n";
    text += record.url + "\n" + record.validator + "\n" + std::to_string(record.length) + "\n";
    const char* separator = "";
    for (const auto& each : record.missing) {
        text += separator + std::to_string(each.begin) + "-" + std::to_string(each.end - 1);
        separator = ",";
    }
    return record.missing.empty() ? text : text + "\nend\n";
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

    const auto record = partial_record::load(memory_file(rest).path());
    if (!record) {
        return 0;
    }
    fuzz::require(!record->validator.empty(), "a record without validator is none");
    fuzz::require(partial_record::load(memory_file(written(*record)).path()) == record,
                  "a record reads back");
    check_missing(*record);
    const auto parts = content_range::parse(range);
    const http::detail::byte_range wanted =
        record->missing.empty() ? http::detail::byte_range{parts ? parts->first : 0, record->length}
                                : record->missing.front();
    if (record->continued_by(head, wanted)) {
        fuzz::require(parts && parts->length == record->length && parts->first == wanted.begin &&
                          parts->last == wanted.end - 1,
                      "only what was asked for continues a part");
        const auto other = head.headers.get("ETag");
        fuzz::require(!record->validator.starts_with('"') || !record->validator.ends_with('"') ||
                          record->validator.size() < 2 || !other || *other == record->validator,
                      "another tag does not continue a part");
    }
    return 0;
}
