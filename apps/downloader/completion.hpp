// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Completions for shells, made from the declarations that the parser uses.

#include <string>

namespace CLI {
class App;
}

namespace downloader {

enum class shell { bash, zsh, fish };

/// The script that teaches a shell to complete the commands and options of `app`.
std::string completion_script(shell which, const CLI::App& app);

} // namespace downloader
