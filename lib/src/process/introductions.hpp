// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What workers have to be told before they understand calls: modules and types of exceptions. Internal.
///
/// Both lists only grow. A worker is told what is new together with the next call.

#include <cofutures/detail/code_address.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cofutures::detail {

struct known_module {
    std::uint64_t hash = 0;
    std::string path;
    bool operator==(const known_module&) const = default;
};

/// How many introductions there are; cheap.
std::size_t module_count() noexcept;
std::size_t handler_count() noexcept;

/// Copies of those after the first `known`.
std::vector<known_module> modules_after(std::size_t known);
std::vector<code_address> handlers_after(std::size_t known);

/// In a worker: where a module can be loaded from, if it is not there yet.
void learn_module(known_module module);

/// As `code_at`, but null where the module is not loaded (any more) instead of loading it.
const void* loaded_code_at(code_address place);

/// In a worker: makes the handler at `place` known.
void learn_handler(code_address place);

} // namespace cofutures::detail
