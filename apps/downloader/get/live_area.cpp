// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "get/live_area.hpp"

#include "get/live_view.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

namespace downloader {

bool is_live_terminal(std::FILE* stream)
{
    const char* terminal = std::getenv("TERM");
    return ::isatty(::fileno(stream)) == 1 && terminal != nullptr &&
           std::string_view(terminal) != "dumb";
}

window_size window_size_of(std::FILE* stream)
{
    winsize size{};
    if (::ioctl(::fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
        return {};
    }
    return {size.ws_col, size.ws_row};
}

void live_area::show(std::vector<std::string> lines)
{
    // In one piece, or the terminal may show the moment between.
    std::string frame = erasing();
    lines_ = std::move(lines);
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        frame += (i == 0 ? "" : "\n") + lines_[i];
    }
    visible_ = !lines_.empty();
    std::fputs(frame.c_str(), terminal_);
    std::fflush(terminal_);
}

void live_area::hide()
{
    std::fputs(erasing().c_str(), terminal_);
    std::fflush(terminal_);
    visible_ = false;
}

void live_area::show_again()
{
    show(std::vector<std::string>(lines_));
}

// Up to the first line, and clear from there on.
std::string live_area::erasing() const
{
    if (!visible_) {
        return {};
    }
    // If the window has become narrower, the terminal has wrapped what was drawn.
    const std::size_t columns = window_size_of(terminal_).columns;
    std::size_t rows = 0;
    for (const std::string& line : lines_) {
        rows += 1 + (std::max<std::size_t>(width_of_text(line), 1) - 1) / columns;
    }
    const std::size_t above = rows - 1;
    return (above == 0 ? "" : "\033[" + std::to_string(above) + "A") + "\r\033[J";
}

} // namespace downloader
