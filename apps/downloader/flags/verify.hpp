// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Proof that what was saved is what was served.

#include "flags/plan.hpp"
#include "flags/report.hpp"
#include "serve/flag_images.hpp"

#include <string>
#include <vector>

namespace downloader {

/// Reads every file that was downloaded and describes each one that differs from its image.
std::vector<std::string>
differing_files(const flags_plan& plan, const run_report& report, const flag_images& images);

} // namespace downloader
