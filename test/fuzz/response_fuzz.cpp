// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

// Input: one byte of options, one for the size of the pieces, then what a server sends. The answer
// must come out the same whether it arrives at once or in pieces.

#include "fuzz_target.hpp"
#include "http/body_collector.hpp"
#include "http/partial_record.hpp"
#include "http/response_parser.hpp"
#include "http/retry_schedule.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <system_error>

namespace http = cofutures::http;
using namespace http::detail;

namespace {

struct conditions {
    bool answers_head;
    bool decode;
    bool to_file;
    bool resumes;
    bool orderly_end;
    bool small_limit;

    explicit conditions(unsigned char bits)
        : answers_head((bits & 1) != 0),
          decode((bits & 2) != 0),
          to_file((bits & 4) != 0),
          resumes((bits & 8) != 0),
          orderly_end((bits & 16) != 0),
          small_limit((bits & 32) != 0)
    {}
};

constexpr std::size_t ratio = 20;
constexpr std::uint64_t harmless = 1024 * 1024; // where the ratio begins to count

exchange_job job_for(const conditions& how)
{
    return {.message = {.url = http::url("https://example.org/file")},
            .limits = {},
            .max_redirects = 1,
            .max_body = how.small_limit ? 1000u : 4 * harmless,
            .retries = {},
            .decode = how.decode,
            .max_decoding_ratio = ratio,
            .target = how.to_file ? "file" : "",
            .file = {},
            .newer_than = std::nullopt,
            .on_event = {}};
}

struct outcome {
    bool failed = false;
    http::response_head head;
    std::string body;
};

// As an exchange does it, with memory in place of a file.
class collected {
public:
    collected(const conditions& how, const exchange_job& job, const partial_record& record)
        : body_(job,
                job.max_redirects,
                how.resumes ? std::optional(rest_wanted{record, {10, record.length}})
                            : std::nullopt),
          parser_(how.answers_head, job.max_body, body_),
          how_(how),
          job_(job)
    {}

    outcome take(std::string_view text, std::size_t piece)
    {
        outcome result;
        try {
            feed(text, piece);
        } catch (const std::system_error& error) {
            result.failed = true;
            fuzz::require(error.code().category() == make_error_code(http::errc{}).category(),
                          "an error is one of those documented");
        } catch (const stale_part&) {
            result.failed = true;
        }
        if (!result.failed) {
            fuzz::require(parser_.done(), "what has ended is complete or an error");
            result.body = std::move(taken_);
            check_size(result.body.size());
            result.head = std::move(parser_.head());
        }
        return result;
    }

private:
    void feed(std::string_view text, std::size_t piece)
    {
        while (!text.empty() && !parser_.done()) {
            const std::size_t size = std::min(piece, text.size());
            parser_.feed(text.substr(0, size));
            fed_ += size;
            text.remove_prefix(size);
            decode();
        }
        if (!parser_.done()) {
            parser_.feed_end(how_.orderly_end);
            decode();
        }
        body_.finish();
    }

    void decode()
    {
        constexpr std::size_t block = 256 * 1024;
        for (bool more = true; more;) {
            more = body_.decode(block);
            fuzz::require(body_.bytes.size() <= fed_ + block + content_decoder::step_size,
                          "no more than a block waits for the file");
            taken_ += body_.bytes;
            body_.bytes.clear();
            const std::uint64_t most = std::max<std::uint64_t>(harmless, fed_ * (ratio + 1));
            fuzz::require(body_.size() <= most + content_decoder::step_size,
                          "a decoded body stays in proportion");
            fuzz::require(body_.size() <= job_.max_body + content_decoder::step_size,
                          "a body stays within its limit");
        }
    }

    void check_size(std::size_t size) const
    {
        const bool discarded = body_.kind() == body_collector::mode::discard;
        fuzz::require(discarded || size == body_.size(), "no byte is lost or counted twice");
        fuzz::require(!discarded || size == 0, "what is discarded is not kept");
        fuzz::require(!how_.answers_head || body_.size() == 0, "an answer to HEAD has no body");
    }

    body_collector body_;
    response_parser parser_;
    const conditions& how_;
    const exchange_job& job_;
    std::string taken_;
    std::uint64_t fed_ = 0;
};

outcome collect(const conditions& how, std::string_view text, std::size_t piece)
{
    const exchange_job job = job_for(how);
    const partial_record record{
        .url = "https://example.org/file", .validator = "\"1\"", .length = 20};
    return collected(how, job, record).take(text, piece);
}

void check_head(const http::response_head& head)
{
    fuzz::require(head.status >= 200 && head.status <= 999, "a final status has three digits");
    for (const auto& [name, value] : head.headers) {
        fuzz::require(!name.empty() && name.find_first_of(" :\r\n") == std::string::npos,
                      "a header name is a token");
        const std::string_view forbidden("\r\n\0", 3);
        fuzz::require(value.find_first_of(forbidden) == std::string::npos,
                      "a header value is one line");
    }
    // What reads headers must take any of them.
    const std::chrono::system_clock::time_point now{std::chrono::seconds(1'795'000'000)};
    if (const auto wait = retry_after(head, now)) {
        fuzz::require(wait->count() >= 0, "no wait is negative");
    }
    fuzz::require(!strong_validator(head).starts_with("W/"), "a weak tag proves nothing");
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 2) {
        return 0;
    }
    const conditions how(data[0]);
    const std::size_t piece = data[1] % 32 + std::size_t{1};
    const std::string_view text = fuzz::text_of(data + 2, size - 2);

    const outcome whole = collect(how, text, std::max<std::size_t>(text.size(), 1));
    const outcome pieces = collect(how, text, piece);

    fuzz::require(whole.failed == pieces.failed, "pieces succeed as the whole does");
    if (!whole.failed) {
        fuzz::require(whole.body == pieces.body, "pieces make the same body");
        fuzz::require(whole.head.status == pieces.head.status &&
                          whole.head.reason == pieces.head.reason &&
                          whole.head.headers == pieces.head.headers,
                      "pieces make the same head");
        check_head(whole.head);
    }
    return 0;
}
