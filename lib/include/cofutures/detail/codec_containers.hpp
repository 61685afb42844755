// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The shapes of sequences, sets and maps, and the question whether a type is encodable. Floor 4,
/// internal; read codec_shapes.hpp first.

#include <cofutures/detail/codec_shapes.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace cofutures::detail {

// Elements that may take no bytes at all are followed by one, so that a count can always be checked
// against the length of the message.

template <typename T>
inline constexpr bool needs_marker = shape<T>::smallest == 0;

template <typename T>
inline constexpr std::size_t smallest_element = needs_marker<T> ? 1 : shape<T>::smallest;

template <typename T>
void write_element(encoder& archive, const T& element)
{
    shape<T>::write(archive, element);
    if constexpr (needs_marker<T>) {
        archive(char{0});
    }
}

template <typename T>
T read_element(decoder& archive)
{
    T element = shape<T>::read(archive);
    if constexpr (needs_marker<T>) {
        archive.view(1);
    }
    return element;
}

// A comparator, hash, equality or allocator is part of what a container is, so it travels too, before the
// elements. Where all objects of its class are alike, there is nothing to send.

template <typename P>
concept alike = std::is_empty_v<P> && std::default_initializable<P> && !customized<P>;

/// Stands for `P` among the parts of a container.
template <typename P>
struct policy {
    policy() = delete;
};

template <typename P>
struct shape<policy<P>> : shapeless {};
template <alike P>
struct shape<policy<P>> : shaped<> {};
template <typename P>
    requires(!alike<P> && shape<P>::exists)
struct shape<policy<P>> : shaped<P> {};

template <typename T>
concept ordered = requires
{
    typename T::key_compare;
};
template <typename T>
concept hashed = requires
{
    typename T::hasher;
};

/// The policies of a container in the order in which its constructor takes them.
template <typename T>
struct policies_of {
    using types = std::tuple<typename T::allocator_type>;
    static types get(const T& container) { return types(container.get_allocator()); }
    static T make(const typename T::allocator_type& allocator) { return T(allocator); }
};
template <ordered T>
struct policies_of<T> {
    using types = std::tuple<typename T::key_compare, typename T::allocator_type>;
    static types get(const T& container)
    {
        return types(container.key_comp(), container.get_allocator());
    }
    static T make(const typename T::key_compare& compare,
                  const typename T::allocator_type& allocator)
    {
        return T(compare, allocator);
    }
};
template <hashed T>
struct policies_of<T> {
    using types = std::tuple<typename T::hasher, typename T::key_equal, typename T::allocator_type>;
    static types get(const T& container)
    {
        return types(container.hash_function(), container.key_eq(), container.get_allocator());
    }
    static T make(const typename T::hasher& hash,
                  const typename T::key_equal& equal,
                  const typename T::allocator_type& allocator)
    {
        return T(0, hash, equal, allocator);
    }
};

template <typename Element, typename Policies>
struct container_parts;
template <typename Element, typename... Ps>
struct container_parts<Element, std::tuple<Ps...>> {
    using types = type_list<Element, policy<Ps>...>;
    static constexpr bool only_elements = (alike<Ps> && ...);
};

template <typename P>
void write_policy([[maybe_unused]] encoder& archive, [[maybe_unused]] const P& value)
{
    if constexpr (!alike<P>) {
        shape<P>::write(archive, value);
    }
}

template <typename P>
P read_policy([[maybe_unused]] decoder& archive)
{
    if constexpr (alike<P>) {
        return P();
    } else {
        return shape<P>::read(archive);
    }
}

template <typename T, typename Element>
struct container_shape {
    using policies = policies_of<T>;
    using known_parts = container_parts<Element, typename policies::types>;

    static constexpr bool exists = true;
    static constexpr bool flat = false;
    static constexpr std::size_t smallest = sizeof(std::uint64_t);
    using parts = typename known_parts::types;

    static void write_policies([[maybe_unused]] encoder& archive,
                               [[maybe_unused]] const T& container)
    {
        if constexpr (!known_parts::only_elements) {
            std::apply([&](const auto&... values) { (write_policy(archive, values), ...); },
                       policies::get(container));
        }
    }

    /// A container with the policies that were sent, and empty.
    static T read_policies([[maybe_unused]] decoder& archive)
    {
        if constexpr (known_parts::only_elements) {
            return T();
        } else {
            return read_each(archive, static_cast<const typename policies::types*>(nullptr));
        }
    }

private:
    template <typename... Ps>
    static T read_each(decoder& archive, const std::tuple<Ps...>*)
    {
        // Braces, since they fix the order of evaluation.
        const std::tuple<Ps...> values{read_policy<Ps>(archive)...};
        return std::apply(&policies::make, values);
    }
};

template <typename Range, typename Element>
struct range_shape : container_shape<Range, Element> {
    static void write(encoder& archive, const Range& range)
    {
        range_shape::write_policies(archive, range);
        archive.write_count(range.size());
        for (const auto& element : range) {
            write_element<Element>(archive, element);
        }
    }
};

template <typename T, typename Range>
void write_flat(encoder& archive, const Range& range)
{
    archive.write_count(range.size());
    archive.align(alignof(T));
    archive.write(range.data(), range.size() * sizeof(T));
}

/// Where `count` flat elements lie in the message.
template <typename T>
const std::byte* view_flat(decoder& archive, std::size_t& count)
{
    count = archive.read_count(sizeof(T));
    archive.align(alignof(T));
    if (count > archive.remaining() / sizeof(T)) {
        throw codec_error("the message ends within a sequence of " + std::to_string(count) +
                          " elements");
    }
    return archive.view(count * sizeof(T));
}

template <typename T, typename Allocator>
struct shape<std::vector<T, Allocator>> : range_shape<std::vector<T, Allocator>, T> {
    using vector = std::vector<T, Allocator>;

    static void write(encoder& archive, const vector& value)
    {
        if constexpr (is_flat<T>) {
            shape::write_policies(archive, value);
            write_flat<T>(archive, value);
        } else {
            range_shape<vector, T>::write(archive, value);
        }
    }
    static vector read(decoder& archive)
    {
        vector value = shape::read_policies(archive);
        if constexpr (is_flat<T>) {
            std::size_t count = 0;
            const std::byte* const bytes = view_flat<T>(archive, count);
            value.reserve(count);
            prefer_huge_pages(value.data(), count * sizeof(T));
            if (reinterpret_cast<std::uintptr_t>(bytes) % alignof(T) == 0) {
                const T* const first = reinterpret_cast<const T*>(bytes);
                value.assign(first, first + count); // one pass: nothing is zeroed first
                return value;
            }
            value.resize(count);
            if (count != 0) {
                std::memcpy(value.data(), bytes, count * sizeof(T));
            }
            return value;
        } else {
            const std::size_t count = archive.read_count(smallest_element<T>);
            value.reserve(count);
            for (std::size_t i = 0; i != count; ++i) {
                value.push_back(read_element<T>(archive));
            }
            return value;
        }
    }
};

template <typename Char, typename Traits, typename Allocator>
struct shape<std::basic_string<Char, Traits, Allocator>>
    : container_shape<std::basic_string<Char, Traits, Allocator>, Char> {
    using string = std::basic_string<Char, Traits, Allocator>;

    static void write(encoder& archive, const string& value)
    {
        shape::write_policies(archive, value);
        write_flat<Char>(archive, value);
    }
    static string read(decoder& archive)
    {
        string value = shape::read_policies(archive);
        std::size_t count = 0;
        const std::byte* const bytes = view_flat<Char>(archive, count);
        value.reserve(count);
        prefer_huge_pages(value.data(), count * sizeof(Char));
        if constexpr (sizeof(Char) == 1) {
            value.assign(reinterpret_cast<const Char*>(bytes), count);
        } else {
            value.resize(count);
            if (count != 0) {
                std::memcpy(value.data(), bytes, count * sizeof(Char));
            }
        }
        return value;
    }
};

// Views: decoded without a copy, valid as long as the message.

template <typename T>
std::span<const T> read_view(decoder& archive)
{
    std::size_t count = 0;
    const std::byte* const bytes = view_flat<T>(archive, count);
    if (reinterpret_cast<std::uintptr_t>(bytes) % alignof(T) != 0) {
        throw codec_error("a view needs a message that is aligned for its elements");
    }
    return {reinterpret_cast<const T*>(bytes), count};
}

template <typename Char, typename Traits>
struct shape<std::basic_string_view<Char, Traits>> : shaped<Char> {
    using view = std::basic_string_view<Char, Traits>;
    static constexpr std::size_t smallest = sizeof(std::uint64_t);
    static constexpr bool is_view = true;

    static void write(encoder& archive, view value) { write_flat<Char>(archive, value); }
    static view read(decoder& archive)
    {
        const auto characters = read_view<Char>(archive);
        return view(characters.data(), characters.size());
    }
};

template <typename T>
    requires is_flat<T>
struct shape<std::span<const T>> : shaped<T> {
    static constexpr std::size_t smallest = sizeof(std::uint64_t);
    static constexpr bool is_view = true;

    static void write(encoder& archive, std::span<const T> value) { write_flat<T>(archive, value); }
    static std::span<const T> read(decoder& archive) { return read_view<T>(archive); }
};

template <typename T>
concept linked_sequence = is_instance<T, std::deque> || is_instance<T, std::list>;

template <typename T>
concept std_set = is_instance<T, std::set> || is_instance<T, std::multiset> ||
    is_instance<T, std::unordered_set> || is_instance<T, std::unordered_multiset>;

template <typename T>
concept std_map = is_instance<T, std::map> || is_instance<T, std::multimap> ||
    is_instance<T, std::unordered_map> || is_instance<T, std::unordered_multimap>;

template <typename T>
    requires(linked_sequence<T> || std_set<T>)
struct shape<T> : range_shape<T, typename T::value_type> {
    static T read(decoder& archive)
    {
        using element = typename T::value_type;
        T value = shape::read_policies(archive);
        for (std::size_t left = archive.read_count(smallest_element<element>); left != 0; --left) {
            value.insert(value.end(), read_element<element>(archive));
        }
        return value;
    }
};

template <std_map T>
struct shape<T> : range_shape<T, std::pair<const typename T::key_type, typename T::mapped_type>> {
    static T read(decoder& archive)
    {
        using element = std::pair<const typename T::key_type, typename T::mapped_type>;
        T value = shape::read_policies(archive);
        for (std::size_t left = archive.read_count(smallest_element<element>); left != 0; --left) {
            value.insert(value.end(), read_element<element>(archive));
        }
        return value;
    }
};

// Is T encodable? Its shape must exist, and so must those of all its parts. `Seen` ends the recursion of
// types that contain themselves.

template <typename T, typename... Seen>
consteval bool is_encodable();

template <typename... Parts, typename... Seen>
consteval bool are_encodable(type_list<Parts...>, type_list<Seen...>)
{
    return (is_encodable<Parts, Seen...>() && ...);
}

template <typename T, typename... Seen>
consteval bool is_encodable()
{
    if constexpr ((std::is_same_v<T, Seen> || ...)) {
        return true;
    } else if constexpr (shape<T>::exists) {
        return are_encodable(typename shape<T>::parts(), type_list<T, Seen...>());
    } else {
        return false;
    }
}

/// Whether decoded values point into the message; such a type is no result.
template <typename T, typename... Seen>
consteval bool holds_view();

template <typename... Parts, typename... Seen>
consteval bool any_holds_view(type_list<Parts...>, type_list<Seen...>)
{
    return (holds_view<Parts, Seen...>() || ...);
}

template <typename T, typename... Seen>
consteval bool holds_view()
{
    if constexpr ((std::is_same_v<T, Seen> || ...) || !shape<T>::exists) {
        return false;
    } else if constexpr (requires { shape<T>::is_view; }) {
        return true;
    } else {
        return any_holds_view(typename shape<T>::parts(), type_list<T, Seen...>());
    }
}

// Of what cannot be encoded, the part that is to blame: the innermost one.

template <typename T>
struct blamed {};

template <typename T, typename... Seen>
consteval auto find_blamed();

template <typename... Seen, typename First, typename... Rest>
consteval auto find_blamed_part(type_list<Seen...> seen, type_list<First, Rest...>)
{
    if constexpr (sizeof...(Rest) == 0 || !is_encodable<First, Seen...>()) {
        return find_blamed<First, Seen...>();
    } else {
        return find_blamed_part(seen, type_list<Rest...>());
    }
}

template <typename T, typename... Seen>
consteval auto find_blamed()
{
    if constexpr (shape<T>::exists) {
        return find_blamed_part(type_list<T, Seen...>(), typename shape<T>::parts());
    } else {
        return blamed<T>();
    }
}

template <typename T>
inline constexpr bool is_policy = false;
template <typename P>
inline constexpr bool is_policy<policy<P>> = true;

/// Fails to compile with one line that says what to do.
template <typename T>
constexpr void refuse(blamed<T>)
{
    constexpr bool no = sizeof(blamed<T>) == 0;
    if constexpr (std::is_pointer_v<T> || std::is_null_pointer_v<T>) {
        static_assert(
            no,
            "cofutures: a raw pointer means nothing in another process; pass the object by "
            "value, or std::string for text");
    } else if constexpr (is_instance<T, std::reference_wrapper> || std::is_reference_v<T>) {
        static_assert(
            no,
            "cofutures: a reference cannot reach into another process; pass the object by "
            "value and return what changed");
    } else if constexpr (is_instance<T, std::function>) {
        static_assert(no,
                      "cofutures: std::function hides what it holds; pass a function pointer, a "
                      "captureless lambda, or a function object with encodable members");
    } else if constexpr (is_instance<T, std::shared_ptr> || is_instance<T, std::weak_ptr>) {
        static_assert(
            no,
            "cofutures: shared ownership ends at the process boundary; pass the object by "
            "value");
    } else if constexpr (is_instance<T, std::unique_ptr>) {
        static_assert(
            no,
            "cofutures: of unique pointers, only those to one object of exactly that type, "
            "with the standard deleter, can be encoded");
    } else if constexpr (std::is_same_v<T, std::exception_ptr>) {
        static_assert(no,
                      "cofutures: std::exception_ptr cannot be encoded; throw the exception, it "
                      "travels by itself");
    } else if constexpr (std::is_array_v<T>) {
        static_assert(
            no, "cofutures: a built-in array cannot be encoded; use std::array or std::vector");
    } else if constexpr (is_policy<T>) {
        static_assert(
            no,
            "cofutures: a container's comparator, hash, equality or allocator with a state "
            "that cannot be encoded would be lost; use an empty class, or one with "
            "encodable members");
    } else if constexpr (inherits_serialize<T>) {
        static_assert(
            no,
            "cofutures: this class has the function serialize of a base class, which would "
            "lose its own members; give it one of its own");
    } else if constexpr (std::is_aggregate_v<T> && has_base<T>) {
        static_assert(no,
                      "cofutures: the base class of an aggregate cannot be encoded by itself; give "
                      "the class a function serialize(archive, value)");
    } else {
        static_assert(no,
                      "cofutures: this type cannot be encoded; make it an aggregate of encodable "
                      "members, or give it a function serialize(archive, value)");
    }
}

/// Fails to compile, with one line that says what to do, unless `T` is encodable.
template <typename T>
constexpr void require_encodable()
{
    using value = std::remove_cv_t<T>;
    if constexpr (!is_encodable<value>()) {
        refuse(find_blamed<value>());
    }
}

} // namespace cofutures::detail
