// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/worker_count.hpp>

#include "cgroup.hpp"

#include <algorithm>
#include <thread>

#include <sched.h>

namespace cofutures {

namespace {

std::size_t cpus_in_affinity()
{
    // The kernel refuses a mask smaller than its own, so grow until it fits.
    for (std::size_t cpus = 1024; cpus <= (std::size_t{1} << 20); cpus *= 2) {
        cpu_set_t* const mask = CPU_ALLOC(cpus);
        if (mask == nullptr) {
            break;
        }
        const std::size_t bytes = CPU_ALLOC_SIZE(cpus);
        const bool known = sched_getaffinity(0, bytes, mask) == 0;
        const int count = known ? CPU_COUNT_S(bytes, mask) : 0;
        CPU_FREE(mask);
        if (known) {
            return static_cast<std::size_t>(count);
        }
    }
    return std::thread::hardware_concurrency();
}

} // namespace

std::size_t usable_cpus()
{
    std::size_t cpus = std::max<std::size_t>(cpus_in_affinity(), 1);
    if (const auto quota = detail::cgroup_cpu_quota("/proc/self/cgroup", "/sys/fs/cgroup")) {
        cpus = std::min(cpus, *quota);
    }
    return cpus;
}

} // namespace cofutures
