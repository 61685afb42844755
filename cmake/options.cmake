# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0

# What can be switched. As a subproject we build the library and nothing else. AUTO means: where what
# it needs is installed, so that a plain `cmake -S .` builds what it can; the presets say ON.

set(cofutures_build_default OFF)
if(PROJECT_IS_TOP_LEVEL)
    set(cofutures_build_default AUTO)
endif()
set(COFUTURES_BUILD_TESTS ${cofutures_build_default} CACHE STRING
    "Build the tests, examples and benchmarks: ON, OFF or AUTO")
set(COFUTURES_BUILD_APPS ${cofutures_build_default} CACHE STRING
    "Build the downloader and prime-check: ON, OFF or AUTO")
set_property(CACHE COFUTURES_BUILD_TESTS COFUTURES_BUILD_APPS PROPERTY STRINGS ON OFF AUTO)
option(COFUTURES_INSTALL "Create the install target" ${PROJECT_IS_TOP_LEVEL})
option(COFUTURES_WERROR "Treat warnings in our own code as errors" OFF)
set(COFUTURES_SANITIZE "" CACHE STRING "Sanitizers to build with: \"address;undefined\" or \"thread\"")
