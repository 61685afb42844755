// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Expecting an exception together with its text.

#include <gtest/gtest.h>

#include <exception>
#include <string>
#include <utility>

namespace cofutures::test {

/// Calls `function` and returns the text of the `Error` it throws; anything else fails the test.
template <typename Error, typename Function>
std::string message_of(Function&& function)
{
    try {
        std::forward<Function>(function)();
    } catch (const Error& error) {
        return error.what();
    } catch (const std::exception& error) {
        ADD_FAILURE() << "another exception: " << error.what();
        return {};
    }
    ADD_FAILURE() << "no exception";
    return {};
}

} // namespace cofutures::test
