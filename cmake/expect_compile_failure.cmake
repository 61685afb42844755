# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0
#
# cmake -D COMPILER=… -D SOURCE=… -D DIRECTORIES=… -D EXPECT=regex -P expect_compile_failure.cmake

list(TRANSFORM DIRECTORIES PREPEND "-I")
execute_process(
    COMMAND "${COMPILER}" -std=c++20 -fsyntax-only ${DIRECTORIES} "${SOURCE}"
    RESULT_VARIABLE status
    ERROR_VARIABLE messages)

if(status EQUAL 0)
    message(FATAL_ERROR "${SOURCE} compiles, and must not")
endif()
if(NOT messages MATCHES "${EXPECT}")
    message(FATAL_ERROR "${SOURCE} is refused, but not with '${EXPECT}':\n${messages}")
endif()
