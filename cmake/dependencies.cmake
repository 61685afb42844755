# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0

# What the project is built with. Debian's package names: cmake/debian_packages.txt.

include("${CMAKE_CURRENT_LIST_DIR}/cofutures-dependencies.cmake")

cofutures_find_dependencies(http cofutures_missing)
if(cofutures_missing)
    message(FATAL_ERROR "cofutures needs ${cofutures_missing}, which CMake does not find")
endif()

# cofutures_settle(OPTION PACKAGE…): finds the packages, or turns an option off that is AUTO.
macro(cofutures_settle option)
    if(${option} STREQUAL "AUTO")
        set(${option} ON)
        foreach(package IN ITEMS ${ARGN})
            find_package(${package} QUIET)
            if(NOT ${package}_FOUND)
                message(STATUS "${option} is off: CMake does not find ${package}")
                set(${option} OFF)
            endif()
        endforeach()
    elseif(${option})
        foreach(package IN ITEMS ${ARGN})
            find_package(${package} REQUIRED)
        endforeach()
    endif()
endmacro()

cofutures_settle(COFUTURES_BUILD_APPS fmt CLI11)
cofutures_settle(COFUTURES_BUILD_TESTS GTest)
if(COFUTURES_BUILD_TESTS)
    # Benchmarks are built only where the library is there and no sanitizer falsifies their numbers.
    find_package(benchmark QUIET)
endif()
