// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "descriptors.hpp"

#include <algorithm>

#include <sys/resource.h>

namespace downloader {

std::size_t affordable_connections(std::size_t descriptors_each)
{
    constexpr rlim_t reserve = 64;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        limit = {256, 256};
    }
    const rlimit raised{limit.rlim_max, limit.rlim_max};
    if (limit.rlim_cur < limit.rlim_max && ::setrlimit(RLIMIT_NOFILE, &raised) == 0) {
        limit = raised;
    }
    const rlim_t usable = limit.rlim_cur > reserve ? limit.rlim_cur - reserve : 0;
    return std::max<std::size_t>(1, static_cast<std::size_t>(usable / descriptors_each));
}

} // namespace downloader
