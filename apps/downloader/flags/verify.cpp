// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "flags/verify.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

namespace downloader {

std::vector<std::string>
differing_files(const flags_plan& plan, const run_report& report, const flag_images& images)
{
    std::vector<std::string> different;
    for (const file_result& each : report.files) {
        if (each.what != outcome::downloaded) {
            continue;
        }
        const std::filesystem::path path = plan.file_of(each.code);
        std::string code = each.code;
        for (char& c : code) {
            c = static_cast<char>(c | 0x20);
        }
        std::ifstream file(path, std::ios::binary);
        const std::string bytes(std::istreambuf_iterator<char>(file), {});
        const std::string* image = images.find(code);
        if (!file) {
            different.push_back(fmt::format("{}: '{}' cannot be read", each.code, path.string()));
        } else if (image == nullptr || bytes != *image) {
            different.push_back(
                fmt::format("{}: '{}' ({} bytes) differs from what was served ({} bytes)",
                            each.code,
                            path.string(),
                            bytes.size(),
                            image == nullptr ? 0 : image->size()));
        }
    }
    return different;
}

} // namespace downloader
