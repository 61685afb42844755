# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0

# What can be switched. As a subproject we build the library and nothing else.

option(COFUTURES_BUILD_TESTS "Build the tests, examples and benchmarks" ${PROJECT_IS_TOP_LEVEL})
option(COFUTURES_BUILD_APPS "Build the downloader and prime-check" ${PROJECT_IS_TOP_LEVEL})
option(COFUTURES_INSTALL "Create the install target" ${PROJECT_IS_TOP_LEVEL})
option(COFUTURES_WERROR "Treat warnings in our own code as errors" OFF)
set(COFUTURES_SANITIZE "" CACHE STRING "Sanitizers to build with: \"address;undefined\" or \"thread\"")
