# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0
#
# cmake -D SOURCE=… -D BUILD=… -D GENERATOR=… -D COMPILER=… -P configure_plainly.cmake
#
# Fails unless `cmake -S .` alone is content without GoogleTest and the programs' libraries, and says what
# it leaves out; unless tests that were asked for need GoogleTest; and if anything is warned of.

set(lacking -DCMAKE_DISABLE_FIND_PACKAGE_GTest=TRUE -DCMAKE_DISABLE_FIND_PACKAGE_fmt=TRUE
    -DCMAKE_DISABLE_FIND_PACKAGE_CLI11=TRUE)

function(configure arguments status output)
    file(REMOVE_RECURSE "${BUILD}")
    execute_process(
        COMMAND "${CMAKE_COMMAND}" -S "${SOURCE}" -B "${BUILD}" -G "${GENERATOR}" "-DCMAKE_CXX_COMPILER=${COMPILER}"
            ${lacking} ${arguments}
        RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE text)
    set(${status} "${result}" PARENT_SCOPE)
    set(${output} "${text}" PARENT_SCOPE)
endfunction()

configure("" status output)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "a plain configuration fails:\n${output}")
endif()
foreach(expected IN ITEMS "COFUTURES_BUILD_TESTS is off: CMake does not find GTest"
                          "COFUTURES_BUILD_APPS is off: CMake does not find fmt")
    if(NOT output MATCHES "${expected}")
        message(FATAL_ERROR "a plain configuration does not say '${expected}':\n${output}")
    endif()
endforeach()
if(output MATCHES "Warning")
    message(FATAL_ERROR "a plain configuration warns:\n${output}")
endif()

configure("-DCOFUTURES_BUILD_TESTS=ON" status output)
if(status EQUAL 0 OR NOT output MATCHES "GTest")
    message(FATAL_ERROR "tests that are asked for do without GoogleTest:\n${output}")
endif()
