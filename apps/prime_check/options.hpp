// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The command line of prime-check.

#include "numbers.hpp"
#include "primality.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace prime_check {

enum class mode { sequential, threads, processes };

const char* name_of(mode executor) noexcept;

struct options {
    std::vector<std::uint64_t>
        numbers; ///< the six of the Python documentation if nothing was given
    std::optional<std::pair<std::uint64_t, std::uint64_t>> range;
    std::optional<std::string> file;
    mode executor = mode::processes;
    std::size_t workers = 0; ///< 0: as many as usable CPUs
    prime_check::algorithm algorithm = algorithm::trial;
    bool compare = false;
    std::size_t chunk_size = 0; ///< 0: 1 for numbers on the command line, more for ranges and files
    bool json = false;
};

/// A command line that ends the program: help, or a mistake.
struct early_exit {
    int status = 0; ///< 0 for help, 2 for a mistake
    std::string text;
};

/// What the command line asks for.
std::pair<std::optional<options>, early_exit> parse_command_line(int argc, const char* const* argv);

/// The numbers that the options name; each call starts anew.
std::unique_ptr<number_source> open_numbers(const options& chosen);

} // namespace prime_check
