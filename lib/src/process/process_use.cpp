// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "process_use.hpp"

#include <fstream>
#include <sstream>
#include <string>

#include <unistd.h>

namespace cofutures::detail {

void read_process_use(pid_t pid, process::worker_stats& use)
{
    const std::string directory = "/proc/" + std::to_string(pid);
    std::ifstream stat(directory + "/stat");
    std::string line;
    // The name in parentheses may contain anything, so counting starts behind the last one.
    if (std::getline(stat, line)) {
        if (const auto end = line.rfind(')'); end != std::string::npos) {
            std::istringstream fields(line.substr(end + 1));
            std::string skipped;
            for (int field = 3; field != 14; ++field) {
                fields >> skipped;
            }
            long long user = 0;
            long long system = 0;
            if (fields >> user >> system) {
                const long long ticks = ::sysconf(_SC_CLK_TCK);
                use.cpu_time = std::chrono::nanoseconds((user + system) * (1'000'000'000 / ticks));
            }
        }
    }
    std::ifstream status(directory + "/status");
    while (std::getline(status, line)) {
        if (line.starts_with("VmHWM:")) {
            use.peak_memory = static_cast<std::size_t>(std::stoull(line.substr(6))) * 1024;
        }
    }
}

} // namespace cofutures::detail
