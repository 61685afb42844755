// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "get/live_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace downloader {

namespace {

bool continues(char c)
{
    return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// E1 84 80 is U+1100; what follows in UTF-8 begins with greater bytes.
std::size_t width_of(std::string_view character)
{
    return static_cast<unsigned char>(character.front()) > 0xe1 ||
                   character.substr(0, 2) >= std::string_view("\xe1\x84")
               ? 2
               : 1;
}

std::string_view first_character(std::string_view text)
{
    std::size_t length = 1;
    while (length < text.size() && continues(text[length])) {
        ++length;
    }
    return text.substr(0, length);
}

// A window of fewer columns has room for the name and the time only.
constexpr std::size_t columns_for_sizes = 40;

// How much of it is there; 0 where nobody knows.
double fraction_of(const run_snapshot::transfer& transfer)
{
    if (!transfer.length || *transfer.length == 0) {
        return 0;
    }
    return std::min(1.0,
                    static_cast<double>(transfer.size) / static_cast<double>(*transfer.length));
}

// The name to the left, the numbers to the right, blanks between.
std::string transfer_line(const run_snapshot::transfer& transfer, std::size_t columns)
{
    std::string numbers = fmt::format("{:>8}", duration_text(transfer.elapsed));
    std::string name = printable(transfer.name);
    if (columns <= numbers.size()) {
        return cut_to(name, columns);
    }
    if (columns >= columns_for_sizes) {
        const std::string part =
            transfer.length ? fmt::format("{:.0f}%", 100 * fraction_of(transfer)) : "";
        numbers = fmt::format(
            " {:>9} {:>4}{}", size_text(static_cast<double>(transfer.size)), part, numbers);
    }
    const std::size_t room = columns - numbers.size();
    name = cut_to(name, room);
    name.append(room - width_of_text(name), ' ');
    return name + numbers;
}

// The files under way as parts of files, so that a single large one has an ETA, too.
double parts_of(const run_snapshot& run)
{
    double parts = 0;
    for (const run_snapshot::transfer& each : run.active) {
        parts += fraction_of(each);
    }
    return parts;
}

} // namespace

void rate_meter::note(time_point now, double amount)
{
    notes_.emplace_back(now, amount);
    // One note from before is kept: it says what there was when the time began.
    while (notes_.size() > 2 && now - notes_[1].first >= memory) {
        notes_.pop_front();
    }
}

std::optional<double> rate_meter::rate() const
{
    if (notes_.size() < 2) {
        return std::nullopt;
    }
    const std::chrono::duration<double> time = notes_.back().first - notes_.front().first;
    if (time.count() <= 0) {
        return std::nullopt;
    }
    return (notes_.back().second - notes_.front().second) / time.count();
}

std::string duration_text(std::chrono::duration<double> duration)
{
    const auto seconds = static_cast<std::uint64_t>(
        std::clamp(std::round(duration.count()), 0.0, 359'999.0)); // up to 99:59:59
    if (seconds < 3600) {
        return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
    }
    return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::size_t width_of_text(std::string_view text)
{
    std::size_t width = 0;
    while (!text.empty()) {
        const std::string_view character = first_character(text);
        width += width_of(character);
        text.remove_prefix(character.size());
    }
    return width;
}

std::string cut_to(std::string_view text, std::size_t columns)
{
    std::size_t width = 0;
    std::size_t size = 0;
    while (size < text.size()) {
        const std::string_view character = first_character(text.substr(size));
        width += width_of(character);
        if (width > columns) {
            break;
        }
        size += character.size();
    }
    return std::string(text.substr(0, size));
}

std::vector<std::string>
live_view::lines(const run_snapshot& run, time_point now, std::size_t columns, std::size_t rows)
{
    bytes_.note(now, static_cast<double>(run.fetched));
    files_.note(now, static_cast<double>(run.counts.count(ending::downloaded)) + parts_of(run));

    std::vector<std::string> lines;
    // The last line of the window is the shell's, the one before is the total.
    const std::size_t room = rows > 3 ? rows - 2 : 1;
    const bool all_fit = run.active.size() <= room;
    const std::size_t shown = all_fit ? run.active.size() : room - 1;
    for (std::size_t i = 0; i < shown; ++i) {
        lines.push_back(transfer_line(run.active[i], columns));
    }
    if (!all_fit) {
        lines.push_back(cut_to(fmt::format("and {} more", run.active.size() - shown), columns));
    }
    lines.push_back(cut_to(total_line(run), columns));
    return lines;
}

std::string live_view::total_line(const run_snapshot& run) const
{
    const std::size_t done = run.counts.total();
    std::string line = fmt::format("{} files", done);
    if (run.expected_total) {
        line = fmt::format("{} of {}{:.0f} files",
                           done,
                           run.expected_exactly ? "" : "about ",
                           *run.expected_total);
    }
    for (const auto& [how, word] : {std::pair(ending::kept, "kept"),
                                    std::pair(ending::failed, "failed"),
                                    std::pair(ending::timed_out, "timed out")}) {
        if (run.counts.count(how) > 0) {
            line += fmt::format(", {} {}", run.counts.count(how), word);
        }
    }
    line += fmt::format(", {}", size_text(static_cast<double>(run.fetched)));
    if (const auto speed = bytes_.rate()) {
        line += fmt::format(", {}/s", size_text(*speed));
    }
    // What was kept took no time and says nothing about the time that the rest will take.
    const auto speed = files_.rate();
    if (run.expected_total && speed && *speed > 0) {
        const double left =
            std::max(0.0, *run.expected_total - static_cast<double>(done) - parts_of(run));
        line +=
            fmt::format(", ETA {}", duration_text(std::chrono::duration<double>(left / *speed)));
    }
    return line;
}

} // namespace downloader
