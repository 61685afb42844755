// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

// Input: the name of a file, then a list of checksums.

#include <cofutures/http/file_options.hpp>

#include "fuzz_target.hpp"

#include <stdexcept>
#include <string>

namespace http = cofutures::http;

namespace {

void check(const http::checksum& found)
{
    const std::string& digits = found.digits();
    fuzz::require(digits.find_first_not_of("0123456789abcdef") == std::string::npos,
                  "digits are hexadecimal, in lower case");
    fuzz::require(http::checksum(std::string(found.name()) + ":" + digits) == found,
                  "name and digits read back");
    fuzz::require(http::checksum(digits) == found, "the digits tell the algorithm");
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string_view list = fuzz::text_of(data, size);
    const std::string_view name = fuzz::take_line(list);
    if (const auto found = http::find_checksum(list, name)) {
        check(*found);
        fuzz::require(list.find(name) != std::string_view::npos, "the name is in the list");
        if (name.find('\n') == std::string_view::npos && !name.ends_with('\r')) {
            const std::string line = found->digits() + "  " + std::string(name) + "\n";
            fuzz::require(http::find_checksum(line, name) == found, "one line is enough");
        }
    }
    while (!list.empty()) {
        try {
            check(http::checksum(fuzz::take_line(list)));
        } catch (const std::invalid_argument&) {
        }
    }
    return 0;
}
