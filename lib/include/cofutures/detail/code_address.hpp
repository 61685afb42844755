// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Functions named in a way that another process understands. Floor 4, internal.

#include <cofutures/detail/cplusplus.hpp>

#include <cstdint>
#include <type_traits>

namespace cofutures::detail {

/// A place in the code of a module: the executable or a shared library.
///
/// Address-space randomisation moves modules about, so the address itself means something only in
/// processes forked from one another.
struct code_address {
    std::uint64_t module = 0; ///< hash of the module's build-id
    std::uint64_t offset = 0; ///< from where the module is loaded
};

/// Names the function at `address`.
///
/// **Throws** `std::invalid_argument` if no loaded module contains it (a null pointer, generated code).
code_address locate_code(const void* address);

/// The function named, in this process.
///
/// **Throws** `function_not_found` if its module is not here and cannot be loaded, or if the place is
///   not executable.
const void* code_at(code_address place);

template <typename Function>
    requires std::is_function_v<Function> code_address locate_function(Function* function)
    {
        return locate_code(reinterpret_cast<const void*>(function));
    }

template <typename Pointer>
Pointer function_at(code_address place)
{
    // POSIX promises that this conversion works.
    return reinterpret_cast<Pointer>(const_cast<void*>(code_at(place)));
}

} // namespace cofutures::detail
