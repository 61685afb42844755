// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// A shared library of which there are two editions: what lies at one address depends on the day. Their
/// code is the same, byte by byte.

static volatile int number = EDITION;

extern "C" int edition(int value)
{
    return 10 * value + number;
}
