// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A stand-in for a flag where no real images are installed.

#include <string>
#include <string_view>

namespace downloader {

/// A small valid PNG image with three stripes whose colours follow from the country code.
std::string generated_flag(std::string_view code);

} // namespace downloader
