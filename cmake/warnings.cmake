# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0

# Link PRIVATE to every target of ours; nothing of it reaches a consumer.

add_library(cofutures_warnings INTERFACE)
target_compile_options(cofutures_warnings INTERFACE
    -Wall
    -Wextra
    -Wpedantic
    -Wshadow
    -Wconversion
    -Wnon-virtual-dtor
    -Woverloaded-virtual
    -Wold-style-cast
    # GCC takes the frame of an inlined Asio coroutine for memory of malloc() that operator delete frees;
    # both are Asio's own functions.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>
    $<$<BOOL:${COFUTURES_WERROR}>:-Werror>)
