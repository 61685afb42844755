// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// A getaddrinfo() that never returns; to be preloaded.

#include <cstdio>

#include <netdb.h>
#include <unistd.h>

extern "C" int getaddrinfo(const char* node, const char*, const addrinfo*, addrinfo**)
{
    std::printf("looking up %s\n", node);
    std::fflush(stdout);
    for (;;) {
        ::pause();
    }
}
