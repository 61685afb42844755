// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Values as bytes and back, for both ends of one program. Floor 4; the only header that shows a Boost
/// library (PFR, which walks the members of aggregates).
///
/// Both ends are the same build on the same machine: there is no version, no byte order and no
/// self-description, only lengths, and every length is checked before it is believed.
///
/// What can be encoded: arithmetic types, enumerations, strings, std containers, `pair`, `tuple`,
/// `optional`, `variant`, `unique_ptr`, `complex`, `chrono` durations and time points,
/// `filesystem::path`, aggregates of all these, and any type with a `serialize` function (below).
/// `string_view` and `span` of trivial elements are decoded as views into the message.

#include <cofutures/detail/codec_bytes.hpp>
#include <cofutures/detail/codec_shapes.hpp>

#include <cstddef>
#include <span>
#include <type_traits>

namespace cofutures {

/// A type that can be turned into bytes and back.
///
/// A type of your own with private members becomes encodable through a function template found by
/// argument-dependent lookup, or a public member function template; `archive(members…)` reads or writes
/// them, whichever the archive is for, and so does Boost.Serialization's `archive & member`:
///
/// ```cpp
/// template <typename Archive>
/// void serialize(Archive& archive, account& value)
/// {
///     archive(value.owner, value.balance);
/// }
/// ```
///
/// A third parameter `unsigned` (the version of Boost.Serialization, here always 0) is accepted too.
/// The type must be default-constructible. The function must be for this very class: one for a base class
/// would lose the members of the derived one, which is refused. The same helps an aggregate that Boost.PFR
/// cannot walk: one with base classes, or with references or built-in arrays as members; and one with a
/// `std::array` of class type as a member, on which g++ 12 fails.
///
/// The comparator, hash, equality and allocator of a container must be encodable too, or of an empty class.
template <typename T>
concept encodable = detail::is_encodable<std::remove_cv_t<T>>();

/// Turns a value into bytes.
///
/// **Throws** `codec_error` for a valueless variant or values nested more than 500 levels deep, or deeper
///   than the thread's stack allows; what a `serialize` function throws.
template <typename T>
byte_buffer encode(const T& value)
{
    detail::require_encodable<T>();
    byte_buffer bytes;
    if constexpr (encodable<T>) {
        encoder archive(bytes);
        archive(value);
    }
    return bytes;
}

/// Turns bytes into a value; all of them must be used.
///
/// **Throws** `codec_error` if the bytes are not those of a `T`. Memory use is bounded by the number of
///   bytes, never by a length that they claim.
/// **Lifetime** Views in the result point into `bytes`, which must be aligned for their elements.
template <typename T>
T decode(std::span<const std::byte> bytes)
{
    detail::require_encodable<T>();
    decoder archive(bytes);
    T value = archive.read<T>();
    archive.require_end();
    return value;
}

} // namespace cofutures
