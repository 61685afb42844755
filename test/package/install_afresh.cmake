# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0
#
# cmake -D BUILD=… -D PREFIX=… -D CONFIG=… -P install_afresh.cmake: installs where nothing was before.

file(REMOVE_RECURSE "${PREFIX}")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${PREFIX}" --config "${CONFIG}"
    COMMAND_ERROR_IS_FATAL ANY)
