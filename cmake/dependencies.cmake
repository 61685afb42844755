# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0

# Every find_package() call of the project. Debian's package names: cmake/debian_packages.txt.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

# Header-only use: Boost::headers, and never Boost::anything_else. 1.81 has a use-after-free in the
# cancellation of co_spawn, so 1.83 is not a matter of taste.
find_package(Boost 1.83 REQUIRED)

# Only inside lib/src/http, for https and for coded bodies.
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(BrotliDecoder REQUIRED)
find_package(Zstandard REQUIRED)

if(COFUTURES_BUILD_APPS)
    find_package(fmt REQUIRED)
    find_package(CLI11 REQUIRED)
endif()

if(COFUTURES_BUILD_TESTS)
    find_package(GTest REQUIRED)
    # Benchmarks are built only where the library is there and no sanitizer falsifies their numbers.
    find_package(benchmark QUIET)
endif()
