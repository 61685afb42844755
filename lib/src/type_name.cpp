// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/detail/type_name.hpp>

#include <cstdlib>
#include <memory>
#include <string_view>

#include <cxxabi.h>

namespace cofutures::detail {

namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to)
{
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
}

} // namespace

std::string demangled(const std::type_info& type)
{
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> text(
        abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
    std::string name = status == 0 ? text.get() : type.name();
    replace_all(name,
                "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >",
                "std::string");
    return name;
}

std::string exception_type_name(const std::exception_ptr& error)
{
    return error ? demangled(*error.__cxa_exception_type()) : "no exception";
}

std::string describe_exception(const std::exception_ptr& error)
{
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return demangled(typeid(e)) + ": " + e.what();
    } catch (...) {
        return exception_type_name(error);
    }
}

} // namespace cofutures::detail
