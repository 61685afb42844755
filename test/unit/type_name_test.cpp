// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/detail/type_name.hpp>

#include <gtest/gtest.h>

#include <list>
#include <map>
#include <stdexcept>
#include <string>

namespace cofutures::detail {
namespace {

struct no_exception_class {};

TEST(TypeName, IsSpelledAsPeopleDo)
{
    EXPECT_EQ(demangled(typeid(std::string)), "std::string");
    EXPECT_EQ(demangled(typeid(std::map<int, std::string>*)).find("__"), std::string::npos);
    EXPECT_EQ(demangled(typeid(std::list<std::string>)).substr(0, 23), "std::list<std::string, ");
}

// Which standard library keeps it where differs; the ABI tells what is being handled now.
TEST(TypeName, IsKnownOfAnyException)
{
    EXPECT_EQ(exception_type_name(std::make_exception_ptr(std::out_of_range("x"))),
              "std::out_of_range");
    EXPECT_EQ(exception_type_name(std::make_exception_ptr(7)), "int");
    EXPECT_EQ(exception_type_name(nullptr), "no exception");
    EXPECT_EQ(describe_exception(std::make_exception_ptr(std::out_of_range("x"))),
              "std::out_of_range: x");
    EXPECT_EQ(describe_exception(std::make_exception_ptr(no_exception_class())),
              "cofutures::detail::(anonymous namespace)::no_exception_class");
}

} // namespace
} // namespace cofutures::detail
