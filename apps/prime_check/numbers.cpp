// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "numbers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <iostream>
#include <system_error>

#include <unistd.h>

namespace prime_check {

namespace {

/// No number needs more; a longer line is not worth keeping.
constexpr std::size_t longest_shown = 40;

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view blanks = " \t\r\n\v\f";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string shown(std::string_view text)
{
    std::string printable;
    for (const char c : text.substr(0, longest_shown)) {
        printable += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    }
    return text.size() > longest_shown ? printable + "…" : printable;
}

} // namespace

parsed_number parse_number(std::string_view text)
{
    const std::string_view digits = trimmed(text);
    std::uint64_t number = 0;
    const auto [end, problem] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (problem == std::errc() && end == digits.data() + digits.size()) {
        return {number, {}};
    }
    const bool all_digits =
        !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos;
    if (all_digits) {
        return {0,
                fmt::format("'{}' is too large: the largest number is 18446744073709551615",
                            shown(digits))};
    }
    if (digits.size() > 1 && digits.front() == '-' &&
        digits.find_first_not_of("0123456789", 1) == std::string_view::npos) {
        return {0,
                fmt::format("'{}' is negative: expected a number from 0 to 18446744073709551615",
                            shown(digits))};
    }
    return {0, fmt::format("'{}' is not a number: expected digits only", shown(digits))};
}

std::optional<std::uint64_t> number_list::next()
{
    return read_ == numbers_.size() ? std::nullopt : std::optional(numbers_[read_++]);
}

std::optional<double> number_list::fraction() const
{
    return numbers_.empty() ? 1.0
                            : static_cast<double>(read_) / static_cast<double>(numbers_.size());
}

std::optional<std::uint64_t> number_range::next()
{
    const auto now = next_;
    if (now) {
        next_ = *now == last_ ? std::nullopt : std::optional(*now + 1);
    }
    return now;
}

std::optional<std::uint64_t> number_range::count() const
{
    const auto steps = last_ - first_;
    return steps == UINT64_MAX ? std::nullopt : std::optional(steps + 1);
}

std::optional<double> number_range::fraction() const
{
    return next_ ? static_cast<double>(*next_ - first_) / (static_cast<double>(last_ - first_) + 1)
                 : 1.0;
}

number_file::number_file(const std::string& name)
    : name_(name == "-" ? "standard input" : name), in_(&std::cin)
{
    if (name == "-") {
        // Reading nothing tells whether reading is possible; std::cin takes a closed stream for an
        // empty one.
        if (::read(STDIN_FILENO, nullptr, 0) != 0) {
            fail(fmt::format(
                "{}: cannot be read: {}", name_, std::generic_category().message(errno)));
            in_ = nullptr;
        }
        return;
    }
    std::error_code problem;
    if (std::filesystem::is_directory(name, problem)) {
        fail(fmt::format("{}: expected a file with one number a line, got a folder", name_));
        in_ = nullptr;
        return;
    }
    file_.open(name);
    if (!file_) {
        fail(fmt::format("{}: cannot be read: {}", name_, std::generic_category().message(errno)));
        in_ = nullptr;
        return;
    }
    in_ = &file_;
    const auto size = std::filesystem::file_size(name, problem);
    bytes_ = problem ? 0 : size;
}

std::optional<std::uint64_t> number_file::next()
{
    while (in_ != nullptr && std::getline(*in_, text_)) {
        ++line_;
        read_ += text_.size() + 1;
        if (trimmed(text_).empty()) {
            continue;
        }
        const auto parsed = parse_number(text_);
        if (!parsed.error.empty()) {
            fail(fmt::format("{}, line {}: {}", name_, line_, parsed.error));
            in_ = nullptr;
            return std::nullopt;
        }
        ++numbers_;
        return parsed.number;
    }
    if (in_ != nullptr) {
        if (in_->bad()) {
            fail(fmt::format("{}, after line {}: cannot be read on", name_, line_));
        } else if (numbers_ == 0) {
            fail(fmt::format("{}: expected one number a line, got {}",
                             name_,
                             line_ == 0 ? "an empty file" : "only blank lines"));
        }
        in_ = nullptr;
    }
    return std::nullopt;
}

std::optional<double> number_file::fraction() const
{
    if (bytes_ == 0) {
        return std::nullopt;
    }
    return std::min(1.0, static_cast<double>(read_) / static_cast<double>(bytes_));
}

} // namespace prime_check
