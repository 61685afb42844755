// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// `std::source_location`, also where the standard library hides it. Floor 0, internal.

#include <cstdint>
#include <source_location>

namespace cofutures::detail {

#ifdef __cpp_lib_source_location

using source_location = std::source_location;

#else

/// What libstdc++ keeps from Clang before 16, as far as we use it.
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

    constexpr const char* file_name() const noexcept { return file_; }
    constexpr std::uint_least32_t line() const noexcept { return line_; }

private:
    const char* file_ = "";
    std::uint_least32_t line_ = 0;
};

#endif

} // namespace cofutures::detail
