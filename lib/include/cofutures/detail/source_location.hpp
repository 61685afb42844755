// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A place in a source, laid out alike by every compiler. Floor 0, internal.

#include <cofutures/detail/cplusplus.hpp>

#include <cstdint>
#include <version>

#ifdef __cpp_lib_source_location
#include <source_location>
#endif

namespace cofutures::detail {

/// File and line of a call, as `std::source_location`, as far as we use it.
///
/// Not that class itself, nor an alias for it where it exists: whether it exists depends on the
/// compiler (libstdc++ hides it from Clang before 16), and what is in public structs must not, or a
/// program and a library from two compilers disagree about what is where.
class source_location {
public:
    static constexpr source_location current(const char* file = __builtin_FILE(),
                                             std::uint_least32_t line = __builtin_LINE()) noexcept
    {
        source_location here;
        here.file_ = file;
        here.line_ = line;
        return here;
    }

    constexpr source_location() noexcept = default;

#ifdef __cpp_lib_source_location
    /// Takes over the standard's, which a wrapper around `submit` may have from its caller.
    constexpr source_location(const std::source_location& place) noexcept
        : file_(place.file_name()), line_(place.line())
    {}
#endif

    constexpr const char* file_name() const noexcept
    {
        return file_;
    }
    constexpr std::uint_least32_t line() const noexcept
    {
        return line_;
    }

private:
    const char* file_ = "";
    std::uint_least32_t line_ = 0;
};

} // namespace cofutures::detail
