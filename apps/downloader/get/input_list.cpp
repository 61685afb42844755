// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "get/input_list.hpp"

#include <algorithm>
#include <stdexcept>

namespace downloader {

namespace {

constexpr std::string_view blanks = " \t";

// Takes the next word off the front; empty at the end.
std::string_view next_word(std::string_view& text)
{
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    const std::string_view word = text.substr(0, text.find_first_of(blanks));
    text.remove_prefix(word.size());
    return word;
}

} // namespace

std::optional<list_entry> parse_list_line(std::string_view line)
{
    const std::string_view url = next_word(line);
    if (url.empty() || url.starts_with('#')) {
        return std::nullopt;
    }
    const std::string_view name = next_word(line);
    const std::string_view checksum = next_word(line);
    if (!next_word(line).empty()) {
        throw std::invalid_argument("expected 'URL [NAME] [CHECKSUM]', got more than three words");
    }
    return list_entry{
        std::string(url), name == "-" ? std::string() : std::string(name), std::string(checksum)};
}

void line_splitter::feed(std::string_view bytes)
{
    buffer_.erase(0, begin_);
    dropped_ += begin_;
    begin_ = 0;
    buffer_.append(bytes);
}

std::optional<numbered_line> line_splitter::next()
{
    const std::size_t end = buffer_.find('\n', begin_);
    if (end != std::string::npos) {
        numbered_line line = cut(end - begin_);
        ++begin_; // the line's end
        return line;
    }
    const std::size_t left = buffer_.size() - begin_;
    if (finished_) {
        return left == 0 && !dropping_ ? std::nullopt : std::optional(cut(left));
    }
    if (left > longest_line) {
        dropping_ = true;
    }
    if (dropping_) {
        begin_ = buffer_.size();
    }
    return std::nullopt;
}

numbered_line line_splitter::cut(std::size_t length)
{
    std::string_view text = std::string_view(buffer_).substr(begin_, length);
    begin_ += length;
    if (text.ends_with('\r')) {
        text.remove_suffix(1);
    }
    const bool too_long = dropping_ || text.size() > longest_line;
    dropping_ = false;
    return {++number_, too_long ? std::string() : std::string(text), too_long};
}

} // namespace downloader
