// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

// Input: a date as it stands in a header field.

#include "fuzz_target.hpp"
#include "http/http_date.hpp"

namespace http = cofutures::http::detail;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::chrono::system_clock::time_point now{std::chrono::seconds(1'795'000'000)};
    const auto date = http::parse_http_date(fuzz::text_of(data, size), now);
    if (date) {
        const std::string text = http::format_http_date(*date);
        fuzz::require(text.size() == 29, "the form that is sent has one length");
        fuzz::require(http::parse_http_date(text, now) == date, "what is written reads back");
    }
    return 0;
}
