// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// One sentence for who compiles as C++17 or before. Floor 0, internal.
///
/// Included by every header that includes no other header of ours, and there first.

#if __cplusplus < 202002L
#error "cofutures needs C++20: compile with -std=c++20 or later"
// Only a header that cannot be found stops the compiler; else 200 errors would bury the sentence.
#include <cofutures needs C++20>
#endif
