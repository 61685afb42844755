// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// This test program as a program of its own, to be killed. Writes the pids of a busy, an idle and a
/// stopped worker and of a grandchild to standard output, and waits.

namespace cofutures::test {

inline constexpr const char* host_argument = "--host";

int run_host();

} // namespace cofutures::test
