// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// P1: flags, one after another.

#include "flags.hpp"

#include <iostream>

using namespace example;

// [p1
std::size_t download_many(const std::vector<std::string>& codes)
{
    for (const auto& cc : codes) {
        const std::string image = get_flag(cc);
        save_flag(image, file_name(cc));
        std::cout << cc << ' ' << std::flush;
    }
    return codes.size();
}
// p1]

int main()
{
    run(download_many);
}
