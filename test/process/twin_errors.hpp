// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Two types of one name, each in the unnamed namespace of its own file.

namespace cofutures::test {

void register_other_twin();
int throw_other_twin();

} // namespace cofutures::test
