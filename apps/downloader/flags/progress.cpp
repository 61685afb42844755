// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "flags/progress.hpp"

#include "common/standard_streams.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

namespace downloader {

namespace {

void print(std::FILE* stream, const std::string& text)
{
    common::write(stream, "what is under way", text);
}

} // namespace

std::string bar_text(std::size_t done, std::size_t total, std::size_t width)
{
    const std::string numbers = fmt::format(" {}/{}", done, total);
    if (width < numbers.size() + 4) {
        return numbers.substr(0, width);
    }
    const std::size_t room = width - numbers.size() - 2;
    const std::size_t full = total == 0 ? room : room * done / total;
    return "[" + std::string(full, '#') + std::string(room - full, '-') + "]" + numbers;
}

progress::progress(style how, std::size_t total, streams where)
    : style_(how), total_(total), streams_(where)
{
    draw_bar();
}

void progress::file_done(const file_result& file)
{
    ++done_;
    erase_bar();
    if (style_ == style::lines) {
        print(streams_.out, file_line(file) + '\n');
    } else if (style_ == style::codes) {
        if (file.what == outcome::downloaded) {
            print_code(file.code);
        } else if (file.what != outcome::interrupted) {
            failures_.push_back(file.message);
        }
        if (!streams_.bar) {
            print_tenth();
        }
    }
    draw_bar();
}

void progress::print_code(const std::string& code)
{
    // The bar needs room to the right of the codes, so the line is broken by hand where there is
    // one.
    if (streams_.bar && column_ + code.size() + 2 + bar_width >= streams_.columns && column_ > 0) {
        print(streams_.out, "\n");
        column_ = 0;
    }
    const std::string text = (column_ == 0 ? "" : " ") + code;
    print(streams_.out, text);
    column_ += text.size();
}

void progress::print_tenth()
{
    if (total_ >= long_run && done_ < total_ && done_ * 10 / total_ != (done_ - 1) * 10 / total_) {
        print(streams_.err, fmt::format("{} of {} done\n", done_, total_));
    }
}

// Save the cursor, draw one blank further, restore the cursor.
void progress::draw_bar() const
{
    if (streams_.bar && style_ == style::codes && done_ < total_) {
        const std::size_t room =
            streams_.columns > column_ + 2 ? streams_.columns - column_ - 2 : 0;
        print(streams_.err,
              fmt::format("\0337 {}\0338", bar_text(done_, total_, std::min(bar_width, room))));
    }
}

void progress::erase_bar() const
{
    if (streams_.bar && style_ == style::codes) {
        print(streams_.err, "\033[K");
    }
}

void progress::finish()
{
    erase_bar();
    if (column_ > 0) {
        print(streams_.out, "\n");
    }
    column_ = 0;
    for (std::size_t i = 0; i < std::min(failures_.size(), most_failures); ++i) {
        print(streams_.err, fmt::format("*** {}\n", failures_[i]));
    }
    if (failures_.size() > most_failures) {
        print(
            streams_.err,
            fmt::format("*** and {} more; -v names them all\n", failures_.size() - most_failures));
    }
    failures_.clear();
}

progress::streams usual_streams()
{
    progress::streams streams;
    const char* terminal = std::getenv("TERM");
    streams.bar =
        ::isatty(STDERR_FILENO) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        streams.columns = size.ws_col;
    }
    return streams;
}

} // namespace downloader
