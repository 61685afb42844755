// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

// Input: a host on the first line, a .netrc file in the rest.

#include "fuzz_target.hpp"
#include "http/netrc.hpp"

#include <stdexcept>
#include <string>

namespace http = cofutures::http;

namespace {

// Locale-free, as the names of hosts are.
char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

// Without quotation marks and backslashes, which may stand within a word and mean nothing there.
std::string words_of(std::string_view text)
{
    std::string plain;
    for (const char c : text) {
        if (c != '"' && c != '\\') {
            plain += lower(c);
        }
    }
    return plain;
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string_view text = fuzz::text_of(data, size);
    const std::string_view host = fuzz::take_line(text);
    try {
        const auto entries = http::detail::netrc::parse(text);
        const auto found = entries.find(host);
        if (found) {
            fuzz::require(found->field().find_first_of("\r\n") == std::string::npos,
                          "credentials are one line");
            const std::string words = words_of(text);
            fuzz::require(words.find("default") != std::string::npos ||
                              (!host.empty() && words.find(words_of(host)) != std::string::npos),
                          "only hosts that are named get credentials");
        }
        const auto again = http::detail::netrc::parse(text).find(host);
        fuzz::require(again == found, "a file is read the same way twice");
    } catch (const std::invalid_argument& error) {
        fuzz::require(std::string_view(error.what()).find("line ") != std::string_view::npos ||
                          std::string_view(error.what()).find("cofutures") !=
                              std::string_view::npos,
                      "an error says where it is");
    }
    return 0;
}
