// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

// Input: the value of a Content-Disposition field.

#include "fuzz_target.hpp"
#include "http/content_disposition.hpp"

#include <algorithm>
#include <string>

namespace http = cofutures::http;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text = fuzz::text_of(data, size);
    const std::string name = http::detail::file_name_of(text);
    if (!name.empty()) {
        const bool clean = std::none_of(name.begin(), name.end(), [](char c) {
            const auto byte = static_cast<unsigned char>(c);
            return byte < 0x20 || byte == 0x7f || byte == 0xff || byte == 0xc0 || c == '/' ||
                   c == '\\';
        });
        fuzz::require(clean, "a name has no separators and no control characters");
        fuzz::require(name.front() != '.', "a name is not hidden, and none of the folders");
        fuzz::require(name.size() <= 255, "a name fits into a folder");
        fuzz::require(http::detail::safe_file_name(name) == name, "a safe name is a safe name");
    }
    // What is safe can be said so that it is read back.
    const std::string safe = http::detail::safe_file_name(text);
    std::string quoted = "attachment; filename=\"";
    for (const char c : safe) {
        quoted += c == '"' ? "\\\"" : std::string(1, c);
    }
    quoted += '"';
    fuzz::require(http::detail::file_name_of(quoted) == safe, "a quoted name reads back");
    return 0;
}
