// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The version of the library, for the preprocessor. Floor 0.
///
/// The only place where it is written: CMake reads it here, and a test compares it with the newest
/// heading of CHANGELOG.md.

#include <cofutures/detail/cplusplus.hpp>

#define COFUTURES_VERSION_MAJOR 0
#define COFUTURES_VERSION_MINOR 1
#define COFUTURES_VERSION_PATCH 0
