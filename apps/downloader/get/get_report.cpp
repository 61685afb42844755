// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "get/get_report.hpp"

#include "utf8.hpp"

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

// " (connect 0.003, wait 0.101)": whatever took a time that can be told.
std::string phases_text(const phase_times& phases)
{
    std::string text;
    for (const auto& [name, time] : phases.all()) {
        if (time.count() >= 0.0005) {
            text += fmt::format("{}{} {:.3f}", text.empty() ? " (" : ", ", name, time.count());
        }
    }
    return text.empty() ? text : text + ")";
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

std::array<std::pair<std::string_view, phase_times::seconds>, 8> phase_times::all() const
{
    return {{{"queue", queue},
             {"resolve", resolve},
             {"connect", connect},
             {"tls", tls},
             {"send", send},
             {"wait", wait},
             {"body", body},
             {"pause", pause}}};
}

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
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = character_length(text, i);
        const std::string_view character = text.substr(i, length == 0 ? 1 : length);
        const auto byte = static_cast<unsigned char>(character.front());
        // U+0080 to U+009F are control characters, too; bytes that are no UTF-8 may be for a terminal
        // that takes them as such.
        const bool long_control =
            length == 2 && byte == 0xc2 && static_cast<unsigned char>(text[i + 1]) < 0xa0;
        if (length == 0 || byte < 0x20 || byte == 0x7f || long_control) {
            result += '?';
        } else {
            result += character;
        }
        i += character.size();
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
            line += fmt::format(" in {:.2f}s{} from {}",
                                file.elapsed.count(),
                                phases_text(file.phases),
                                file.final_url);
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
