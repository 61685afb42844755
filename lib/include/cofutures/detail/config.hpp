// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The library's own assertion. Floor 0, internal.

#include <cofutures/detail/cplusplus.hpp>

#include <cstdio>
#include <cstdlib>

namespace cofutures::detail {

[[noreturn]] inline void assertion_failed(const char* what, const char* file, int line) noexcept
{
    std::fprintf(stderr, "%s:%d: cofutures bug: %s\n", file, line, what);
    std::abort();
}

} // namespace cofutures::detail

/// Stops the program when the library's own reasoning is wrong. On unless NDEBUG is defined.
#ifdef NDEBUG
#define COFUTURES_ASSERT(condition) static_cast<void>(sizeof(!(condition)))
#else
#define COFUTURES_ASSERT(condition)                                                                \
    ((condition) ? static_cast<void>(0)                                                            \
                 : ::cofutures::detail::assertion_failed(#condition, __FILE__, __LINE__))
#endif
