// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "get/get_json.hpp"

#include "json_string.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

namespace downloader {

namespace {

[[noreturn]] void fail(const std::string& doing, const std::string& name)
{
    throw std::system_error(errno, std::system_category(), doing + " '" + name + "'");
}

std::string text_or_null(const std::string& text)
{
    return text.empty() ? "null" : json_string(text);
}

} // namespace

json_report_writer::json_report_writer(const std::string& path)
    : name_(path == "-" ? "standard output" : path)
{
    if (path != "-") {
        owned_.reset(std::fopen(path.c_str(), "we"));
        file_ = owned_.get();
    }
    if (file_ == nullptr) {
        fail("cannot create", name_);
    }
    write("{\"files\": [");
}

void json_report_writer::ended(const file_ending& file)
{
    std::string phases;
    for (const auto& [name, time] : file.phases.all()) {
        phases += fmt::format(R"({}"{}": {:.6f})", phases.empty() ? "" : ", ", name, time.count());
    }
    write(fmt::format(
        R"({}{{"url": {}, "place": {}, "path": {}, "outcome": "{}", "problem": {}, )"
        R"("status": {}, "final_url": {}, "size": {}, "resumed_at": {}, "tries": {}, "seconds": {:.6f}, )"
        R"("phases": {{{}}}}})",
        first_ ? "\n" : ",\n",
        json_string(file.url),
        text_or_null(file.place),
        text_or_null(file.path.string()),
        name_of(file.how),
        text_or_null(file.problem),
        file.status == 0 ? "null" : fmt::to_string(file.status),
        text_or_null(file.final_url),
        file.size,
        file.resumed_at,
        file.tries,
        file.elapsed.count(),
        phases));
    first_ = false;
}

void json_report_writer::finish(const get_tally& counts,
                                std::chrono::duration<double> elapsed,
                                int exit_status)
{
    std::string numbers;
    for (const ending how : {ending::downloaded,
                             ending::kept,
                             ending::planned,
                             ending::failed,
                             ending::timed_out,
                             ending::interrupted}) {
        numbers += fmt::format(
            R"({}"{}": {})", numbers.empty() ? "" : ", ", name_of(how), counts.count(how));
    }
    write(fmt::format("\n],\n\"counts\": {{{}}}, \"bytes\": {}, \"seconds\": {:.6f}, "
                      "\"exit_status\": {}}}\n",
                      numbers,
                      counts.bytes(),
                      elapsed.count(),
                      exit_status));
    flush();
}

void json_report_writer::write(const std::string& text)
{
    if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) {
        fail("cannot write", name_);
    }
}

void json_report_writer::flush()
{
    if (std::fflush(file_) != 0) {
        fail("cannot write", name_);
    }
}

} // namespace downloader
