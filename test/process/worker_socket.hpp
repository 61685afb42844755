// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Where a worker has its end of the protocol, for tests that damage it.

#include <sys/stat.h>
#include <unistd.h>

namespace cofutures::test {

/// In a worker: the number of its socket, the only one that it has; -1 if there is none.
inline int worker_socket()
{
    for (int each = 3; each != 1024; ++each) {
        struct stat facts {};
        if (::fstat(each, &facts) == 0 && S_ISSOCK(facts.st_mode)) {
            return each;
        }
    }
    return -1;
}

} // namespace cofutures::test
