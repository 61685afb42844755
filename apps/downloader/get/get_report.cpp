// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "get/get_report.hpp"

#include <fmt/format.h>

#include <array>
#include <numeric>
#include <utility>

namespace downloader {

namespace {

std::string files_text(std::size_t count)
{
    return fmt::format("{} file{}", count, count == 1 ? "" : "s");
}

// ", 3 kept, 1 failed": whatever is not zero.
std::string other_counts(const get_tally& counts)
{
    std::string text;
    for (const auto& [how, word] : {std::pair(ending::kept, "kept"),
                                    std::pair(ending::failed, "failed"),
                                    std::pair(ending::timed_out, "timed out"),
                                    std::pair(ending::interrupted, "interrupted")}) {
        if (counts.count(how) > 0) {
            text += fmt::format(", {} {}", counts.count(how), word);
        }
    }
    return text;
}

} // namespace

void get_tally::add(const file_ending& file)
{
    ++counts_[static_cast<std::size_t>(file.how)];
    if (file.how == ending::downloaded) {
        bytes_ += file.size;
    }
}

std::size_t get_tally::total() const
{
    return std::accumulate(std::begin(counts_), std::end(counts_), std::size_t{0});
}

int get_tally::exit_status(bool interrupted) const
{
    if (interrupted) {
        return 130;
    }
    const std::size_t good =
        count(ending::downloaded) + count(ending::kept) + count(ending::planned);
    return good == total() ? 0 : 1;
}

std::string_view name_of(ending how)
{
    constexpr std::string_view names[] = {
        "downloaded", "kept", "planned", "failed", "timed_out", "interrupted"};
    return names[static_cast<std::size_t>(how)];
}

std::string size_text(double bytes)
{
    constexpr std::array units = {"kB", "MB", "GB", "TB", "PB"};
    // 999.95 kB would be printed as 1000.0 kB.
    constexpr double largest = 999.95;
    if (bytes < 1000) {
        return fmt::format("{:.0f} B", bytes);
    }
    std::size_t unit = 0;
    bytes /= 1000;
    while (bytes >= largest && unit + 1 < units.size()) {
        bytes /= 1000;
        ++unit;
    }
    return fmt::format("{:.1f} {}", bytes, units[unit]);
}

std::string printable(std::string_view text)
{
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        // U+0080 to U+009F are control characters, too, and are C2 80 to C2 9F in UTF-8.
        const bool long_control = byte == 0xc2 && i + 1 < text.size() &&
                                  (static_cast<unsigned char>(text[i + 1]) & 0xe0) == 0x80;
        if (byte < 0x20 || byte == 0x7f || long_control) {
            result += '?';
            i += long_control ? 1 : 0;
        } else {
            result += text[i];
        }
    }
    return result;
}

std::string success_line(const file_ending& file, bool verbose)
{
    std::string line = file.path.string();
    if (file.how == ending::kept) {
        line += " is there already";
    } else if (file.how == ending::planned) {
        line += fmt::format(" would come from {}", file.url);
    } else {
        line += fmt::format(" {}", size_text(static_cast<double>(file.size)));
        if (verbose) {
            line += fmt::format(" in {:.2f}s from {}", file.elapsed.count(), file.final_url);
            if (file.resumed_at > 0) {
                line +=
                    fmt::format(", resumed at {}", size_text(static_cast<double>(file.resumed_at)));
            }
            if (file.tries > 1) {
                line += fmt::format(", {} tries", file.tries);
            }
        }
    }
    return printable(line);
}

std::string failure_line(const file_ending& file)
{
    const std::string place = file.place.empty() ? "" : file.place + ": ";
    const std::string url = file.url.empty() ? "" : file.url + ": ";
    return printable(place + url + file.problem);
}

std::string summary_line(const get_tally& counts, std::chrono::duration<double> elapsed)
{
    return fmt::format("{} downloaded ({}) in {:.2f}s{}",
                       files_text(counts.count(ending::downloaded)),
                       size_text(static_cast<double>(counts.bytes())),
                       elapsed.count(),
                       other_counts(counts));
}

std::string dry_summary_line(const get_tally& counts)
{
    return fmt::format("{} would be downloaded{}",
                       files_text(counts.count(ending::planned)),
                       other_counts(counts));
}

} // namespace downloader
