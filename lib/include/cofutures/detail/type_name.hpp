// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Readable type names for messages. Floor 0, internal.

#include <cofutures/detail/cplusplus.hpp>

#include <exception>
#include <string>
#include <typeinfo>

namespace cofutures::detail {

/// The source-code spelling of a type, with `std::string` for the standard string class.
std::string demangled(const std::type_info& type);

/// The readable type of the exception behind `error`; "unknown exception" for one of another language.
std::string exception_type_name(const std::exception_ptr& error);

/// "TYPE: what()" for the exception behind `error`; the type alone when it has no message.
std::string describe_exception(const std::exception_ptr& error);

} // namespace cofutures::detail
