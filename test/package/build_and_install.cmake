# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0
#
# cmake -D SOURCE=… -D BUILD=… -D PREFIX=… -D GENERATOR=… -D COMPILER=… -D FLAGS=… -P build_and_install.cmake:
# builds the libraries, nothing else, and installs them where nothing was before.

execute_process(
    COMMAND "${CMAKE_COMMAND}" -S "${SOURCE}" -B "${BUILD}" -G "${GENERATOR}"
        "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_CXX_FLAGS=${FLAGS}" -DCMAKE_BUILD_TYPE=
        -DCOFUTURES_BUILD_APPS=OFF -DCOFUTURES_BUILD_TESTS=OFF
    COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${BUILD}" COMMAND_ERROR_IS_FATAL ANY)
file(REMOVE_RECURSE "${PREFIX}")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${PREFIX}" COMMAND_ERROR_IS_FATAL ANY)
