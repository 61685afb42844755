// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What values options take, with complaints that say what was given and what was expected.

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace downloader {

/// A decimal number; leading zeros do not make it an octal one.
CLI::Validator whole_number(std::uint64_t least, std::uint64_t most);

/// A decimal number, with k, M or G for thousands, millions and milliards.
CLI::Validator byte_count();

/// A time in seconds that is not over at once; "inf" is for ever.
CLI::Validator seconds();

/// A part of all, from 0 to 1.
CLI::Validator fraction();

/// An IPv4 or IPv6 address.
CLI::Validator ip_address();

/// One of a few words, whatever their case, which is replaced by its number.
CLI::Validator one_of(std::vector<std::pair<std::string, int>> words);

/// What is said of a command line, with the passwords in it replaced by ***: a URL with one may have
/// been given for anything, a file to read or a country.
std::string without_passwords(std::string text, const std::vector<std::string>& arguments);

/// Says what is wrong with a command line that `app` refused.
std::string
problem_of(const CLI::ParseError& error, const CLI::App& app, const std::string& first_argument);

} // namespace downloader
