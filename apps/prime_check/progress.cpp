// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "progress.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <string>

#include <unistd.h>

namespace prime_check {

progress_bar::progress_bar(const number_source& numbers)
    : numbers_(numbers),
      visible_(isatty(STDERR_FILENO) != 0 && isatty(STDOUT_FILENO) == 0),
      next_draw_(std::chrono::steady_clock::now())
{}

void progress_bar::advance(std::uint64_t checked)
{
    using namespace std::chrono_literals;
    if (!visible_) {
        return;
    }
    const auto now = std::chrono::steady_clock::now();
    if (now < next_draw_) {
        return;
    }
    next_draw_ = now + 100ms;
    drawn_ = true;
    std::string line = fmt::format("\r{} numbers", checked);
    if (const auto fraction = numbers_.fraction()) {
        constexpr std::size_t width = 30;
        const auto full = static_cast<std::size_t>(*fraction * width);
        line = fmt::format("\r{:3.0f}% [{}{}] {} numbers",
                           *fraction * 100,
                           std::string(full, '#'),
                           std::string(width - full, '.'),
                           checked);
    }
    line += "\x1b[K";
    std::fputs(line.c_str(), stderr);
    std::fflush(stderr);
}

void progress_bar::finish()
{
    if (drawn_) {
        std::fputs("\r\x1b[K", stderr);
        std::fflush(stderr);
        drawn_ = false;
    }
}

} // namespace prime_check
