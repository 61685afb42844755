# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0

# find_package(Zstandard): makes the target Zstandard::zstd. Zstandard's own package file names its
# target after how the library was built, and not every distribution ships it. Installed with the
# package, whose consumers link statically and need the library, too.

find_path(Zstandard_INCLUDE_DIR zstd.h)
find_library(Zstandard_LIBRARY zstd)
mark_as_advanced(Zstandard_INCLUDE_DIR Zstandard_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Zstandard
    REQUIRED_VARS Zstandard_LIBRARY Zstandard_INCLUDE_DIR)

if(Zstandard_FOUND AND NOT TARGET Zstandard::zstd)
    add_library(Zstandard::zstd UNKNOWN IMPORTED)
    set_target_properties(Zstandard::zstd PROPERTIES
        IMPORTED_LOCATION "${Zstandard_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${Zstandard_INCLUDE_DIR}")
endif()
