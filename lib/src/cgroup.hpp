// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Reading the CPU quota of a control group. Internal.

#include <cstddef>
#include <filesystem>
#include <optional>

namespace cofutures::detail {

/// The smallest CPU quota on the way from this process's control group to the root, in whole CPUs
/// rounded up; empty when there is none.
///
/// `membership` is a file like /proc/self/cgroup, `mount` the place where cgroups are mounted.
///
/// **See** the kernel's cgroup-v2.rst ("cpu.max") and sched-bwc.rst (v1).
std::optional<std::size_t> cgroup_cpu_quota(const std::filesystem::path& membership,
                                            const std::filesystem::path& mount);

} // namespace cofutures::detail
