# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0

include(GoogleTest)

# cofutures_add_test(NAME name SOURCES file… [LIBRARIES target…] [LABELS label…] [TIMEOUT seconds]
#                    [ENVIRONMENT name=value…] [RUN_SERIAL] [OWN_MAIN])
#
# Makes one GoogleTest executable and registers each of its tests with CTest. The core library, the
# warnings and, where it exists, the target cofutures_test_support are linked without asking.
# RUN_SERIAL keeps its tests from running beside others; OWN_MAIN means that a source defines main().
function(cofutures_add_test)
    cmake_parse_arguments(PARSE_ARGV 0 arg "RUN_SERIAL;OWN_MAIN" "NAME;TIMEOUT"
        "SOURCES;LIBRARIES;LABELS;ENVIRONMENT")
    if(NOT arg_NAME OR NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "cofutures_add_test: needs NAME and SOURCES; not understood: '${arg_UNPARSED_ARGUMENTS}'")
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 30)
    endif()

    add_executable(${arg_NAME} ${arg_SOURCES})
    target_link_libraries(${arg_NAME} PRIVATE
        ${arg_LIBRARIES}
        $<TARGET_NAME_IF_EXISTS:cofutures_test_support>
        cofutures::cofutures
        cofutures_warnings
        GTest::gtest)
    if(NOT arg_OWN_MAIN)
        target_link_libraries(${arg_NAME} PRIVATE GTest::gtest_main)
    endif()

    gtest_discover_tests(${arg_NAME}
        DISCOVERY_MODE PRE_TEST
        DISCOVERY_TIMEOUT 60
        TEST_LIST ${arg_NAME}_tests)

    # Properties that are lists do not survive the way through gtest_discover_tests(), so CTest reads
    # all properties from a file of its own, after the discovery.
    set(properties "${CMAKE_CURRENT_BINARY_DIR}/${arg_NAME}_properties.cmake")
    file(CONFIGURE OUTPUT "${properties}" @ONLY CONTENT [[
if(@arg_NAME@_tests)
    set_tests_properties(${@arg_NAME@_tests} PROPERTIES
        TIMEOUT "@arg_TIMEOUT@"
        RUN_SERIAL "@arg_RUN_SERIAL@"
        LABELS "@arg_LABELS@"
        ENVIRONMENT "@arg_ENVIRONMENT@")
endif()
]])
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${properties}")
endfunction()

# cofutures_add_compile_fail_test(NAME name SOURCE file EXPECT regex [LIBRARIES target…])
#
# Registers a test that passes when the compiler refuses the file and its message matches. In the
# name of a promise such as "a callable returning an awaitable is rejected, with a readable line".
function(cofutures_add_compile_fail_test)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;SOURCE;EXPECT" "LIBRARIES")
    if(NOT arg_NAME OR NOT arg_SOURCE OR NOT arg_EXPECT OR arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "cofutures_add_compile_fail_test: needs NAME, SOURCE and EXPECT; not understood: '${arg_UNPARSED_ARGUMENTS}'")
    endif()
    set(directories "")
    foreach(library IN ITEMS cofutures::cofutures LISTS arg_LIBRARIES)
        list(APPEND directories "$<TARGET_PROPERTY:${library},INTERFACE_INCLUDE_DIRECTORIES>")
    endforeach()
    add_test(NAME "${arg_NAME}"
        COMMAND ${CMAKE_COMMAND}
            -D "COMPILER=${CMAKE_CXX_COMPILER}"
            -D "SOURCE=${CMAKE_CURRENT_SOURCE_DIR}/${arg_SOURCE}"
            -D "DIRECTORIES=$<REMOVE_DUPLICATES:$<FILTER:${directories},INCLUDE,.>>"
            -D "EXPECT=${arg_EXPECT}"
            -P "${PROJECT_SOURCE_DIR}/cmake/expect_compile_failure.cmake")
    set_tests_properties("${arg_NAME}" PROPERTIES LABELS compile_fail TIMEOUT 60)
endfunction()
