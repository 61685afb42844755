// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// The contract of every executor, for those of this process.

#include "executor_contract.hpp"
#include "support/executors.hpp"

namespace cofutures::test {

INSTANTIATE_TYPED_TEST_SUITE_P(InProcess, ExecutorContract, in_process_harnesses, harness_names);

} // namespace cofutures::test
