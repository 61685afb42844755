// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "cgroup.hpp"

#include <algorithm>
#include <fstream>
#include <string>

namespace cofutures::detail {

namespace {

namespace fs = std::filesystem;

std::optional<std::size_t> whole_cpus(long long quota, long long period)
{
    if (quota <= 0 || period <= 0) {
        return std::nullopt; // "max" in v2, -1 in v1
    }
    return static_cast<std::size_t>(quota / period + (quota % period != 0 ? 1 : 0));
}

/// v2 keeps "QUOTA PERIOD" in one file, v1 in two.
std::optional<std::size_t> quota_in(const fs::path& group)
{
    long long quota = 0;
    long long period = 0;
    if (std::ifstream both(group / "cpu.max"); both) {
        both >> quota >> period;
        return both ? whole_cpus(quota, period) : std::nullopt;
    }
    std::ifstream(group / "cpu.cfs_quota_us") >> quota;
    std::ifstream(group / "cpu.cfs_period_us") >> period;
    return whole_cpus(quota, period);
}

std::optional<std::size_t> smallest_up_to_root(const fs::path& root, const fs::path& group)
{
    std::optional<std::size_t> smallest;
    const fs::path relative = group.relative_path();
    for (fs::path at = relative;; at = at.parent_path()) {
        if (const auto quota = quota_in(at.empty() ? root : root / at)) {
            smallest = std::min(*quota, smallest.value_or(*quota));
        }
        if (at.empty()) {
            return smallest;
        }
    }
}

bool controls_cpu(const std::string& controllers)
{
    return ("," + controllers + ",").find(",cpu,") != std::string::npos;
}

} // namespace

std::optional<std::size_t> cgroup_cpu_quota(const fs::path& membership, const fs::path& mount)
{
    // Lines are ID:CONTROLLERS:PATH; v2 has ID 0 and no controllers.
    std::ifstream lines(membership);
    for (std::string line; std::getline(lines, line);) {
        const auto first = line.find(':');
        const auto second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) {
            continue;
        }
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const fs::path group = line.substr(second + 1);
        if (controllers.empty()) {
            if (const auto quota = smallest_up_to_root(mount, group)) {
                return quota;
            }
        } else if (controls_cpu(controllers)) {
            for (const char* const hierarchy : {"cpu,cpuacct", "cpu"}) {
                if (const auto quota = smallest_up_to_root(mount / hierarchy, group)) {
                    return quota;
                }
            }
        }
    }
    return std::nullopt;
}

} // namespace cofutures::detail
