// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "serve/flag_images.hpp"

#include "flags/country_codes.hpp"
#include "serve/generated_flag.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace downloader {

namespace {

std::string lower(std::string_view code)
{
    std::string out(code);
    std::transform(
        out.begin(), out.end(), out.begin(), [](char c) { return static_cast<char>(c | 0x20); });
    return out;
}

} // namespace

flag_images::flag_images(const std::filesystem::path& folder)
{
    if (!folder.empty() && folder != "generated") {
        load(folder);
    } else if (folder.empty() && std::filesystem::exists(usual_folder)) {
        load(usual_folder);
    } else {
        generate();
    }
}

void flag_images::generate()
{
    generated_ = true;
    for (const std::string_view code : known_codes()) {
        images_.emplace(lower(code), generated_flag(lower(code)));
    }
}

void flag_images::load(const std::filesystem::path& folder)
{
    std::error_code ec;
    const std::filesystem::directory_iterator entries(folder, ec);
    if (ec) {
        throw std::runtime_error("cannot read the folder '" + folder.string() +
                                 "': " + ec.message());
    }
    for (const auto& entry : entries) {
        const std::string name = entry.path().stem().string();
        const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
        if (entry.path().extension() != ".png" || name.size() != 2 ||
            !std::all_of(name.begin(), name.end(), is_letter)) {
            continue;
        }
        std::ifstream file(entry.path(), std::ios::binary);
        std::string bytes(std::istreambuf_iterator<char>(file), {});
        if (!file || bytes.empty()) {
            throw std::runtime_error("cannot read the image '" + entry.path().string() + "'");
        }
        images_.emplace(name, std::move(bytes));
    }
    if (images_.empty()) {
        throw std::runtime_error("no images named like br.png in '" + folder.string() + "'");
    }
}

const std::string* flag_images::find(std::string_view code) const
{
    const auto found = images_.find(code);
    return found == images_.end() ? nullptr : &found->second;
}

} // namespace downloader
