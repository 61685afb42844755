// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "flags/report.hpp"

#include "json_string.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace downloader {

namespace {

// "error" has a plural of the common kind, "not found" and the like have none.
std::vector<std::string> shortfalls(const tally& counts)
{
    std::vector<std::string> parts;
    if (counts.not_found > 0) {
        parts.push_back(fmt::format("{} not found", counts.not_found));
    }
    if (counts.failed > 0) {
        parts.push_back(counted(counts.failed, "error"));
    }
    if (counts.timed_out > 0) {
        parts.push_back(fmt::format("{} timed out", counts.timed_out));
    }
    if (counts.interrupted > 0) {
        parts.push_back(fmt::format("{} interrupted", counts.interrupted));
    }
    return parts;
}

std::string_view word_for(outcome what)
{
    switch (what) {
    case outcome::downloaded:
        return "downloaded";
    case outcome::not_found:
        return "not_found";
    case outcome::failed:
        return "error";
    case outcome::timed_out:
        return "timed_out";
    case outcome::interrupted:
        return "interrupted";
    }
    return "?";
}

} // namespace

void tally::add(outcome what)
{
    switch (what) {
    case outcome::downloaded:
        ++downloaded;
        break;
    case outcome::not_found:
        ++not_found;
        break;
    case outcome::failed:
        ++failed;
        break;
    case outcome::timed_out:
        ++timed_out;
        break;
    case outcome::interrupted:
        ++interrupted;
        break;
    }
}

tally run_report::counts() const
{
    tally result;
    for (const file_result& file : files) {
        result.add(file.what);
    }
    return result;
}

std::string counted(std::size_t count, std::string_view noun)
{
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string first_report(const flags_plan& plan)
{
    const std::size_t count = plan.codes.size();
    const std::string codes =
        count <= 10 ? fmt::format("{}", fmt::join(plan.codes, ", "))
                    : fmt::format("from {} to {}", plan.codes.front(), plan.codes.back());
    return fmt::format(
        "{} site: {}\nSearching for {}: {}\n{} will be used.\n",
        plan.server.label,
        plan.server.base_url,
        counted(count, "flag"),
        codes,
        counted(plan.connections, plan.connections == 1 ? "connection" : "concurrent connection"));
}

std::string file_line(const file_result& file)
{
    return file.what == outcome::downloaded ? file.code + " OK" : file.message;
}

std::string last_report(const run_report& report)
{
    const tally counts = report.counts();
    std::string text = std::string(20, '-') + "\n";
    text += fmt::format(
        "{:3} flag{} downloaded.\n", counts.downloaded, counts.downloaded == 1 ? "" : "s");
    if (counts.not_found > 0) {
        text += fmt::format("{:3} not found.\n", counts.not_found);
    }
    if (counts.failed > 0) {
        text += fmt::format("{:3} error{}.\n", counts.failed, counts.failed == 1 ? "" : "s");
    }
    if (counts.timed_out > 0) {
        text += fmt::format("{:3} timed out.\n", counts.timed_out);
    }
    if (counts.interrupted > 0) {
        text += fmt::format("{:3} interrupted.\n", counts.interrupted);
    }
    return text + fmt::format("Elapsed time: {:.2f}s\n", report.elapsed.count());
}

std::string summary_line(const run_report& report)
{
    const tally counts = report.counts();
    const std::vector<std::string> missing = shortfalls(counts);
    const std::string rest = missing.empty() ? "" : fmt::format(" ({})", fmt::join(missing, ", "));
    return fmt::format("{} downloaded in {:.2f}s{}\n",
                       counted(counts.downloaded, "flag"),
                       report.elapsed.count(),
                       rest);
}

std::string comparison(const std::vector<run_report>& reports)
{
    std::string text = fmt::format(
        "{:<12}{:>8}{:>14}{:>10}{:>10}\n", "mode", "flags", "connections", "time", "speed-up");
    for (const run_report& each : reports) {
        const double speed_up = reports.front().elapsed / each.elapsed;
        text += fmt::format("{:<12}{:>8}{:>14}{:>9.2f}s{:>9.1f}x\n",
                            name_of(each.how),
                            each.counts().downloaded,
                            each.connections,
                            each.elapsed.count(),
                            speed_up);
    }
    return text;
}

std::string json_report(const flags_plan& plan, const std::vector<run_report>& reports)
{
    std::vector<std::string> runs;
    for (const run_report& each : reports) {
        std::vector<std::string> files;
        for (const file_result& file : each.files) {
            files.push_back(fmt::format(R"({{"code": {}, "outcome": "{}", "message": {}}})",
                                        json_string(file.code),
                                        word_for(file.what),
                                        json_string(file.message)));
        }
        const tally counts = each.counts();
        runs.push_back(fmt::format(
            R"({{"mode": "{}", "connections": {}, "seconds": {:.3f}, "downloaded": {}, "not_found": {}, )"
            R"("errors": {}, "timed_out": {}, "interrupted": {}, "files": [{}]}})",
            name_of(each.how),
            each.connections,
            each.elapsed.count(),
            counts.downloaded,
            counts.not_found,
            counts.failed,
            counts.timed_out,
            counts.interrupted,
            fmt::join(files, ", ")));
    }
    return fmt::format(R"({{"server": {}, "codes": {}, "runs": [{}]}})",
                       json_string(plan.server.label),
                       plan.codes.size(),
                       fmt::join(runs, ", ")) +
           "\n";
}

int exit_status(const std::vector<run_report>& reports)
{
    const auto counts_of = [](const run_report& each) { return each.counts(); };
    if (std::any_of(reports.begin(), reports.end(), [&](const run_report& each) {
            return counts_of(each).interrupted > 0;
        })) {
        return 130;
    }
    const bool complete = std::all_of(reports.begin(), reports.end(), [&](const run_report& each) {
        return counts_of(each).downloaded == each.files.size();
    });
    return complete ? 0 : 1;
}

} // namespace downloader
