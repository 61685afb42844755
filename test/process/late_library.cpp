// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// A shared library that the test loads when its fork server runs already.

extern "C" int late_triple(int value)
{
    return 3 * value;
}
