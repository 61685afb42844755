// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Some lines at the bottom of a terminal that are drawn again and again.

#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

namespace downloader {

/// The size of a terminal's window.
struct window_size {
    std::size_t columns = 80;
    std::size_t rows = 24;
};

/// Tells whether `stream` is a terminal that can move its cursor.
bool is_live_terminal(std::FILE* stream);

window_size window_size_of(std::FILE* stream);

/// Draws lines where the cursor is, over those it drew before.
///
/// Lines that are wider than the window would spoil it. Its writes are not checked: a terminal that
/// is gone is no reason to stop.
class live_area {
public:
    explicit live_area(std::FILE* terminal) : terminal_(terminal) {}

    void show(std::vector<std::string> lines);

    /// Takes the lines away, so that something else can be written.
    void hide();

    /// Draws what was hidden.
    void show_again();

private:
    std::string erasing() const;

    std::FILE* terminal_;
    std::vector<std::string> lines_;
    bool visible_ = false;
};

} // namespace downloader
