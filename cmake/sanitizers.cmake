# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0

# The core library links this PUBLIC within the build tree, so whatever uses it is instrumented too:
# a program of which only a part is gives false reports.

add_library(cofutures_sanitizers INTERFACE)

if(COFUTURES_SANITIZE)
    list(JOIN COFUTURES_SANITIZE "," sanitizers)
    target_compile_options(cofutures_sanitizers INTERFACE
        -fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(cofutures_sanitizers INTERFACE -fsanitize=${sanitizers})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # Instrumented code hides from GCC what was initialised where; it warns about std::optional.
        target_compile_options(cofutures_sanitizers INTERFACE -Wno-maybe-uninitialized)
        if("thread" IN_LIST COFUTURES_SANITIZE)
            # GCC warns about each atomic_thread_fence, which Asio uses beside its mutexes.
            target_compile_options(cofutures_sanitizers INTERFACE -Wno-tsan)
        endif()
    elseif("undefined" IN_LIST COFUTURES_SANITIZE)
        # Clang 14 cannot compile coroutines with this part of it.
        target_compile_options(cofutures_sanitizers INTERFACE -fno-sanitize=function)
    endif()
endif()
