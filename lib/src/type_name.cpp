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
    // The inline namespaces of libstdc++ and libc++, which nobody writes.
    replace_all(name, "std::__cxx11::", "std::");
    replace_all(name, "std::__1::", "std::");
    for (const std::string_view end : {" >", ">"}) {
        replace_all(name,
                    std::string("std::basic_string<char, std::char_traits<char>, "
                                "std::allocator<char>")
                        .append(end),
                    "std::string");
    }
    return name;
}

std::string exception_type_name(const std::exception_ptr& error)
{
    if (!error) {
        return "no exception";
    }
    try {
        std::rethrow_exception(error);
    } catch (...) {
        // The ABI's own question, which all standard libraries answer; exception_ptr has none.
        const std::type_info* const type = abi::__cxa_current_exception_type();
        return type == nullptr ? "unknown exception" : demangled(*type); // null: thrown elsewhere
    }
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
