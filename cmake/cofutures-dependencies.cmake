# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0

# What each component is linked to. Read by the build and, installed with the package, by its
# consumers, who link statically and need the same.
#
# Everything happens within functions whose names are ours, and without CMAKE_MODULE_PATH: a consumer
# has variables and modules of his own, and ours must neither change nor find them.

# Makes the imported target of a library that brings no package file, or none with a name to rely on.
# Does nothing where it is not installed. STATIC_NEEDS names another library, needed only where both
# are archives.
function(cofutures_find_library target header library)
    cmake_parse_arguments(PARSE_ARGV 3 arg "" "STATIC_NEEDS" "")
    if(TARGET ${target})
        return()
    endif()
    find_path(COFUTURES_${library}_INCLUDE_DIR ${header})
    find_library(COFUTURES_${library}_LIBRARY ${library})
    mark_as_advanced(COFUTURES_${library}_INCLUDE_DIR COFUTURES_${library}_LIBRARY)
    if(NOT COFUTURES_${library}_INCLUDE_DIR OR NOT COFUTURES_${library}_LIBRARY)
        return()
    endif()
    set(needed "")
    if(arg_STATIC_NEEDS AND COFUTURES_${library}_LIBRARY MATCHES "\\${CMAKE_STATIC_LIBRARY_SUFFIX}$")
        find_library(COFUTURES_${arg_STATIC_NEEDS}_LIBRARY ${arg_STATIC_NEEDS})
        mark_as_advanced(COFUTURES_${arg_STATIC_NEEDS}_LIBRARY)
        set(needed "${COFUTURES_${arg_STATIC_NEEDS}_LIBRARY}")
        if(NOT needed)
            return()
        endif()
    endif()
    add_library(${target} UNKNOWN IMPORTED)
    set_target_properties(${target} PROPERTIES
        IMPORTED_LOCATION "${COFUTURES_${library}_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${COFUTURES_${library}_INCLUDE_DIR}"
        INTERFACE_LINK_LIBRARIES "${needed}")
endfunction()

# Header-only use: Boost::headers, and never Boost::anything_else. 1.81 has a use-after-free in the
# cancellation of co_spawn, so 1.83 is not a matter of taste.
function(cofutures_find_boost)
    if(TARGET Boost::headers)
        return()
    endif()
    find_package(Boost 1.83 QUIET CONFIG)
    if(NOT TARGET Boost::headers)
        # Headers that were only copied somewhere have no package file. CMake's own module finds them; it
        # is gone where this policy is new, and its absence warned of where the policy is not set.
        if(POLICY CMP0167)
            cmake_policy(SET CMP0167 OLD)
        endif()
        find_package(Boost 1.83 QUIET MODULE)
    endif()
endfunction()

# cofutures_find_dependencies(COMPONENT MISSING): makes the targets that the component is linked to;
# sets MISSING to what is not there, in words for a message, or to nothing.
function(cofutures_find_dependencies component missing)
    set(lacks "")
    set(THREADS_PREFER_PTHREAD_FLAG ON)
    find_package(Threads QUIET)
    if(NOT TARGET Threads::Threads)
        list(APPEND lacks "POSIX threads")
    endif()
    if(NOT component STREQUAL "cofutures")
        cofutures_find_boost()
        if(NOT TARGET Boost::headers)
            list(APPEND lacks "Boost 1.83 or later")
        endif()
    endif()
    if(component STREQUAL "http")
        find_package(OpenSSL 3 QUIET)
        if(NOT TARGET OpenSSL::SSL)
            list(APPEND lacks "OpenSSL 3")
        endif()
        find_package(ZLIB QUIET)
        if(NOT TARGET ZLIB::ZLIB)
            list(APPEND lacks "zlib")
        endif()
        cofutures_find_library(cofutures::brotli_decoder brotli/decode.h brotlidec STATIC_NEEDS brotlicommon)
        if(NOT TARGET cofutures::brotli_decoder)
            list(APPEND lacks "Brotli")
        endif()
        cofutures_find_library(cofutures::zstd zstd.h zstd)
        if(NOT TARGET cofutures::zstd)
            list(APPEND lacks "Zstandard")
        endif()
    endif()
    list(JOIN lacks ", " lacks)
    set(${missing} "${lacks}" PARENT_SCOPE)
endfunction()
