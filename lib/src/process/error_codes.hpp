// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Error codes on their way between processes. Internal.
///
/// A code is a number and the address of an object, its category, which means nothing elsewhere. The
/// categories of the standard library and of Boost are known by their place in a list. A code of any
/// other one arrives with a category that stands in for it: of the same name, with the same message, and
/// equal to no category of the program. Two codes from one category arrive with one stand-in.

#include <cofutures/detail/codec_bytes.hpp>

#include <boost/system/error_code.hpp>

#include <system_error>

namespace cofutures::detail {

/// **Throws** What the category throws when it is asked for the message.
void write_code(encoder& archive, const std::error_code& code);
void write_code(encoder& archive, const boost::system::error_code& code);

/// **Throws** `codec_error` also when more codes of other categories have come than can be remembered:
///   a code may be kept for ever, and so may its category.
std::error_code read_std_code(decoder& archive);
boost::system::error_code read_boost_code(decoder& archive);

} // namespace cofutures::detail
