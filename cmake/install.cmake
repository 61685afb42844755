# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0

# Installs the libraries with their headers, one file of targets per component, so that a consumer of
# the core library alone needs neither Boost nor OpenSSL; then the programs.

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(cofutures_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/cofutures")

foreach(target IN ITEMS cofutures cofutures_process cofutures_asio cofutures_http)
    install(TARGETS ${target} EXPORT ${target}-targets FILE_SET HEADERS)
    install(EXPORT ${target}-targets NAMESPACE cofutures:: DESTINATION "${cofutures_package_dir}")
endforeach()

configure_package_config_file(
    cmake/cofutures-config.cmake.in "${CMAKE_CURRENT_BINARY_DIR}/cofutures-config.cmake"
    INSTALL_DESTINATION "${cofutures_package_dir}"
    NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(
    "${CMAKE_CURRENT_BINARY_DIR}/cofutures-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(
    FILES
        "${CMAKE_CURRENT_BINARY_DIR}/cofutures-config.cmake"
        "${CMAKE_CURRENT_BINARY_DIR}/cofutures-config-version.cmake"
        "${PROJECT_SOURCE_DIR}/cmake/cofutures-dependencies.cmake"
    DESTINATION "${cofutures_package_dir}")
# Not CMAKE_INSTALL_DOCDIR, which is named after whichever project asked first.
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/doc/cofutures")

if(COFUTURES_BUILD_APPS)
    install(TARGETS downloader prime-check)
endif()
