// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The text of a list of files to fetch, line by line.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace downloader {

/// What one line of a list asks for.
struct list_entry {
    std::string url;
    std::string name;     ///< empty: named after the URL
    std::string checksum; ///< empty: none

    friend bool operator==(const list_entry&, const list_entry&) = default;
};

/// Reads one line: `URL [NAME] [CHECKSUM]`, separated by blanks or tabs; a name may be "-" for none.
///
/// Nothing for a line that is blank or begins with #.
/// **Throws** `std::invalid_argument` if there is more.
std::optional<list_entry> parse_list_line(std::string_view line);

/// One line and its number, from 1.
struct numbered_line {
    std::uint64_t number = 0;
    std::string text;      ///< without its end, whether that is a LF or a CR and a LF
    bool too_long = false; ///< the text was dropped

    friend bool operator==(const numbered_line&, const numbered_line&) = default;
};

/// Cuts a stream of bytes into lines and holds no more than one block and one line of it.
class line_splitter {
public:
    /// No URL that the client accepts makes a line longer than this.
    static constexpr std::size_t longest_line = 64 * 1024;

    /// Adds what was read.
    void feed(std::string_view bytes);

    /// Ends the stream: what is left is a line even without its end.
    void finish() { finished_ = true; }

    /// The next line; nothing if more must be fed, or after the last one.
    std::optional<numbered_line> next();

    /// How many bytes the lines given out had.
    std::uint64_t consumed() const { return dropped_ + begin_; }

private:
    numbered_line cut(std::size_t length);

    std::string buffer_;
    std::size_t begin_ = 0;     ///< what lies before was given out
    std::uint64_t dropped_ = 0; ///< bytes given out and no longer in the buffer
    std::uint64_t number_ = 0;
    bool dropping_ = false; ///< within a line that is too long
    bool finished_ = false;
};

} // namespace downloader
