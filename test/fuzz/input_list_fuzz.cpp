// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

// Input: one byte for the size of the pieces, then a list of files to fetch.

#include <cofutures/http/error.hpp>

#include "fuzz_target.hpp"
#include "get/input_list.hpp"
#include "get/target_name.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using lines = std::vector<downloader::numbered_line>;

lines split(std::string_view text, std::size_t piece)
{
    const std::size_t size = text.size();
    downloader::line_splitter splitter;
    lines found;
    const auto take = [&] {
        while (auto line = splitter.next()) {
            found.push_back(std::move(*line));
        }
    };
    while (!text.empty()) {
        splitter.feed(text.substr(0, piece));
        text.remove_prefix(std::min(piece, text.size()));
        take();
    }
    splitter.finish();
    take();
    fuzz::require(splitter.consumed() == size, "every byte belongs to a line");
    return found;
}

void check_target(const downloader::list_entry& entry)
{
    try {
        const std::string name = downloader::target_name(entry);
        fuzz::require(!name.empty() && name.find('\\') == std::string::npos, "a file has a name");
        const std::filesystem::path path(name);
        fuzz::require(path.is_relative(), "a name is below the output folder");
        for (const auto& part : path) {
            fuzz::require(part != ".." && part != "." && !part.empty(),
                          "a name does not lead out of the output folder");
        }
        fuzz::require(std::none_of(name.begin(),
                                   name.end(),
                                   [](unsigned char c) { return c < 0x20 || c == 0x7f; }),
                      "a name can be shown on a terminal");
    } catch (const std::invalid_argument&) {
    } catch (const cofutures::http::request_error&) {
    }
}

void check_line(const downloader::numbered_line& line)
{
    fuzz::require(line.text.find('\n') == std::string::npos, "a line is one line");
    fuzz::require(line.text.size() <= downloader::line_splitter::longest_line,
                  "a line has a limit");
    try {
        const auto entry = downloader::parse_list_line(line.text);
        if (!entry) {
            return;
        }
        const std::string again =
            entry->url + " " + (entry->name.empty() ? "-" : entry->name) + " " + entry->checksum;
        fuzz::require(downloader::parse_list_line(again) == entry, "an entry reads back");
        check_target(*entry);
    } catch (const std::invalid_argument&) {
    }
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0) {
        return 0;
    }
    const std::string_view text = fuzz::text_of(data + 1, size - 1);
    const lines found = split(text, std::max<std::size_t>(text.size(), 1));
    fuzz::require(split(text, data[0] % 32 + std::size_t{1}) == found,
                  "pieces make the same lines");
    const auto ends = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    fuzz::require(found.size() == ends + (text.empty() || text.ends_with('\n') ? 0 : 1),
                  "no line is lost");
    for (std::size_t i = 0; i < found.size(); ++i) {
        fuzz::require(found[i].number == i + 1, "lines are numbered from 1");
        check_line(found[i]);
    }
    return 0;
}
