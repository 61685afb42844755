// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "body_collector.hpp"

#include "content_disposition.hpp"
#include "continuation.hpp"
#include "http_date.hpp"
#include "redirect.hpp"

#include <algorithm>

namespace cofutures::http::detail {

void body_collector::begin(const response_head& head, std::optional<std::uint64_t> length)
{
    const bool passed_over =
        (redirects_left_ > 0 && is_redirect(head)) || (is_passed_over && is_passed_over(head));
    if (passed_over) {
        mode_ = mode::discard;
    } else if (job_.target.empty()) {
        mode_ = mode::memory;
    } else {
        begin_file(head, length);
    }
    if (job_.decode && mode_ != mode::discard) {
        decoder_ = make_decoder(head.headers.get("Content-Encoding").value_or(""));
    }
    if (!decoder_) {
        length_ = facts_.length ? facts_.length : length;
    }
    if (mode_ == mode::memory && length && !decoder_) {
        // The length is only the server's word: what it announces is not allocated at once.
        bytes.reserve(std::min<std::uint64_t>(*length, 1024 * 1024));
    }
}

void body_collector::begin_file(const response_head& head, std::optional<std::uint64_t> length)
{
    mode_ = mode::discard;
    facts_.modified = parse_http_date(head.headers.get("Last-Modified").value_or(""));
    const bool only = rest_ && rest_->only;
    if (!only && job_.newer_than &&
        (head.status == 304 ||
         (head.ok() && facts_.modified && *facts_.modified <= *job_.newer_than))) {
        current_ = true;
    } else if (rest_) {
        const continuation found = judge(rest_->record, rest_->range, head, length);
        if (found == continuation::misfit ||
            (only && (found == continuation::whole || found == continuation::rest_if_whole))) {
            // Whoever fetches a piece stops where another one begins, and sees no end.
            throw stale_part();
        }
        if (found == continuation::whole) {
            begin_whole(head, length);
        } else if (found != continuation::nothing) {
            begin_rest(found == continuation::rest);
        }
    } else if (brings_file(head)) {
        if (!is_whole(head, length)) {
            throw std::system_error(make_error_code(errc::bad_response),
                                    "a part where the whole was asked for");
        }
        begin_whole(head, length);
    }
    if (job_.file.use_server_name) {
        facts_.name = file_name_of(head.headers.get("Content-Disposition").value_or(""));
    }
}

void body_collector::begin_whole(const response_head& head, std::optional<std::uint64_t> length)
{
    mode_ = mode::file;
    // A decoded file has other bytes at other places than the server's.
    const bool coded = job_.decode && head.headers.contains("Content-Encoding");
    facts_.length = coded ? std::nullopt : length;
    facts_.validator = strong_validator(head);
    if (const auto range = content_range::parse(head.headers.get("Content-Range").value_or(""))) {
        announced_ = range->length;
    }
    facts_.coding = content_coding(head);
}

void body_collector::begin_rest(bool proven)
{
    mode_ = mode::file;
    facts_.offset = rest_->range.begin;
    facts_.length = rest_->record.length;
    facts_.validator = rest_->record.validator;
    facts_.coding = rest_->record.coding;
    facts_.unproven = !proven;
    most_ = rest_->range.end - rest_->range.begin;
}

void body_collector::append(std::string_view more)
{
    if (decoder_) {
        coded_.append(more);
        coded_size_ += more.size();
        return;
    }
    size_ += more.size();
    if (most_ && size_ > *most_) {
        throw stale_part();
    }
    if (mode_ != mode::discard) {
        bytes.append(more);
    }
}

bool body_collector::decode(std::size_t enough)
{
    if (!decoder_) {
        return false;
    }
    std::string_view input = coded_;
    bool more = true;
    while (more && bytes.size() < enough) {
        const std::size_t before = bytes.size();
        more = decoder_->step(input, bytes);
        size_ += bytes.size() - before;
        if (size_ > job_.max_body) {
            throw std::system_error(make_error_code(errc::body_too_large));
        }
        require_proportion();
    }
    coded_.erase(0, coded_.size() - input.size());
    return more;
}

void body_collector::require_proportion() const
{
    constexpr std::uint64_t harmless = 1024 * 1024;
    if (size_ > harmless && size_ / job_.max_decoding_ratio > coded_size_) {
        fail_decoding("more than " + std::to_string(job_.max_decoding_ratio) +
                      " times its coded size");
    }
}

void body_collector::finish() const
{
    // Nothing at all is what answers without a body have, whatever their header says.
    if (decoder_ && coded_size_ > 0 && !decoder_->complete()) {
        fail_decoding("the coded data ends early");
    }
    if (announced_ && *announced_ != (decoder_ ? coded_size_ : size_)) {
        throw std::system_error(make_error_code(errc::body_truncated),
                                "another length than its Content-Range");
    }
}

} // namespace cofutures::http::detail
