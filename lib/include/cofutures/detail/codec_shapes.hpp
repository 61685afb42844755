// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// How each kind of type is written and read. Floor 4, internal; read codec.hpp first.
///
/// A `shape<T>` says whether `T` is encodable given its `parts`, the fewest bytes one value takes, and
/// how to write and read it. Containers: codec_containers.hpp.

#include <cofutures/detail/codec_bytes.hpp>

#include <boost/pfr/core.hpp>

#include <array>
#include <chrono>
#include <complex>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace cofutures::detail {

template <typename...>
struct type_list {};

template <typename T, template <typename...> typename Template>
inline constexpr bool is_instance = false;
template <template <typename...> typename Template, typename... Args>
inline constexpr bool is_instance<Template<Args...>, Template> = true;

template <typename T>
inline constexpr bool is_std_array = false;
template <typename T, std::size_t N>
inline constexpr bool is_std_array<std::array<T, N>> = true;

/// What the primary template says: this type has no shape.
struct shapeless {
    static constexpr bool exists = false;
    static constexpr bool flat = false;
    static constexpr std::size_t smallest = 0;
};

template <typename... Parts>
struct shaped {
    static constexpr bool exists = true;
    static constexpr bool flat = false; // its bytes in memory are its encoding
    using parts = type_list<Parts...>;
};

template <typename T>
inline constexpr bool is_flat = shape<T>::flat;

// A user's own functions. Member or free, with and without Boost.Serialization's version. They must be
// for the type itself: one for a base class would be callable too, and lose what the derived class adds.

namespace any_serialize {

struct of_another_type {};

// Found beside the user's free functions, these are better than one that needs a conversion to its
// base class, and worse than one for the type itself.
template <typename Archive, typename T>
of_another_type serialize(Archive&, T&);
template <typename Archive, typename T, typename Version>
of_another_type serialize(Archive&, T&, Version);

template <typename T, typename Archive, typename... Version>
concept converts = requires(Archive& archive, T& value, Version... version)
{
    {
        serialize(archive, value, version...)
        } -> std::same_as<of_another_type>;
};

} // namespace any_serialize

// Const, since a function that only saves may take it so.
template <typename T, typename Archive, typename... Version>
concept free_serialize_of_base = any_serialize::converts<T, Archive, Version...> &&
    any_serialize::converts<const T, Archive, Version...>;

/// Refuses a member function of a base class: this conversion is none that a template argument may have.
template <typename Pointer, Pointer>
struct own_member;

template <typename T, typename Archive, typename Result, typename... Version>
concept has_own_member = requires
{
    typename own_member<Result (T::*)(Archive&, Version...), &T::serialize>;
}
|| requires
{
    typename own_member<Result (T::*)(Archive&, Version...) const, &T::serialize>;
};

template <typename T, typename Archive>
concept free_serialize_1 = requires(Archive& archive, T& value)
{
    serialize(archive, value);
};
template <typename T, typename Archive>
concept free_serialize_2 = requires(Archive& archive, T& value)
{
    serialize(archive, value, 0U);
};
template <typename T, typename Archive>
concept member_serialize_1 = requires(Archive& archive, T& value)
{
    value.serialize(archive);
};
template <typename T, typename Archive>
concept member_serialize_2 = requires(Archive& archive, T& value)
{
    value.serialize(archive, 0U);
};

template <typename T, typename Archive>
concept has_serialize_1 = free_serialize_1<T, Archive> && !free_serialize_of_base<T, Archive>;

template <typename T, typename Archive>
concept has_serialize_2 = free_serialize_2<T, Archive> &&
    !(free_serialize_of_base<T, Archive, unsigned> && free_serialize_of_base<T, Archive, int> &&
      free_serialize_of_base<T, Archive, unsigned long>);

template <typename T, typename Archive>
concept has_member_serialize_1 = member_serialize_1<T, Archive> &&
    has_own_member<T, Archive, decltype(std::declval<T&>().serialize(std::declval<Archive&>()))>;

template <typename T, typename Archive, typename Version>
concept has_own_versioned_member =
    has_own_member<T,
                   Archive,
                   decltype(std::declval<T&>().serialize(std::declval<Archive&>(), Version())),
                   Version>;

template <typename T, typename Archive>
concept has_member_serialize_2 = member_serialize_2<T, Archive> &&
    (has_own_versioned_member<T, Archive, unsigned> || has_own_versioned_member<T, Archive, int> ||
     has_own_versioned_member<T, Archive, unsigned long>);

template <typename T, typename Archive>
concept has_serialize = has_serialize_1<T, Archive> || has_serialize_2<T, Archive> ||
    has_member_serialize_1<T, Archive> || has_member_serialize_2<T, Archive>;

template <typename T>
concept customized = std::is_class_v<T> && has_serialize<T, encoder> && has_serialize<T, decoder>;

template <typename T, typename Archive>
concept calls_serialize = free_serialize_1<T, Archive> || free_serialize_2<T, Archive> ||
    member_serialize_1<T, Archive> || member_serialize_2<T, Archive>;

/// Whether the only functions for it are those of a base class.
template <typename T>
concept inherits_serialize = std::is_class_v<T> && !customized<T> && calls_serialize<T, encoder> &&
                             calls_serialize<T, decoder>;

template <typename T, typename Archive>
void call_serialize(Archive& archive, T& value)
{
    if constexpr (has_serialize_1<T, Archive>) {
        serialize(archive, value);
    } else if constexpr (has_serialize_2<T, Archive>) {
        serialize(archive, value, 0U);
    } else if constexpr (has_member_serialize_1<T, Archive>) {
        value.serialize(archive);
    } else {
        value.serialize(archive, 0U);
    }
}

// An aggregate's base classes cannot be walked. Is one initialized by this, which becomes nothing else?

template <typename T>
struct any_base {
    template <typename Base>
        requires(std::is_base_of_v<Base, T> && !std::same_as<Base, T>)
    operator Base() const;
};
struct nothing_special {};

template <typename T>
concept has_base = requires
{
    T{std::declval<any_base<T>>()};
}
&&!requires
{
    T{std::declval<nothing_special>()}; // a first member made from anything
};

/// Class types that some other shape, or none, is responsible for although they might look like aggregates.
template <typename T>
concept plain_aggregate = std::is_class_v<T> && std::is_aggregate_v<T> && !is_std_array<T> &&
                          !customized<T> && !inherits_serialize<T> && !has_base<T>;

// Bytes as they lie in memory.

template <typename T>
struct flat_shape : shaped<> {
    static constexpr bool flat = true;
    static constexpr std::size_t smallest = sizeof(T);

    static void write(encoder& archive, const T& value)
    {
        archive.write(std::addressof(value), sizeof(T));
    }

    static T read(decoder& archive)
    {
        T value;
        archive.read(std::addressof(value), sizeof(T));
        return value;
    }
};

template <typename T>
struct shape : shapeless {};

template <typename T>
inline constexpr bool enum_of_bool = false;
template <typename T>
    requires std::is_enum_v<T>
inline constexpr bool enum_of_bool<T> = std::is_same_v<std::underlying_type_t<T>, bool>;

template <typename T>
    requires((std::is_arithmetic_v<T> && !std::same_as<T, bool>) ||
             (std::is_enum_v<T> && !enum_of_bool<T>))
struct shape<T> : flat_shape<T> {};

template <>
struct shape<bool> : shaped<> {
    static constexpr std::size_t smallest = 1;

    static void write(encoder& archive, bool value) { archive.write(&value, 1); }

    static bool read(decoder& archive)
    {
        const auto byte = archive.read<unsigned char>();
        // Any other byte in a bool is undefined behaviour, not merely "true".
        if (byte > 1) {
            throw codec_error("a bool must be 0 or 1, the message holds " + std::to_string(byte));
        }
        return byte == 1;
    }
};

template <typename T>
    requires enum_of_bool<T>
struct shape<T> : shaped<> {
    static constexpr std::size_t smallest = 1;

    static void write(encoder& archive, T value) { archive(static_cast<bool>(value)); }
    static T read(decoder& archive) { return static_cast<T>(archive.read<bool>()); }
};

template <typename T>
    requires is_flat<T>
struct shape<std::complex<T>> : flat_shape<std::complex<T>> {
    using parts = type_list<T>;
};

template <typename Rep, typename Period>
struct shape<std::chrono::duration<Rep, Period>> : shaped<Rep> {
    using duration = std::chrono::duration<Rep, Period>;
    static constexpr bool flat = is_flat<Rep> && sizeof(duration) == sizeof(Rep);
    static constexpr std::size_t smallest = shape<Rep>::smallest;

    static void write(encoder& archive, const duration& value) { archive(value.count()); }
    static duration read(decoder& archive) { return duration(archive.read<Rep>()); }
};

template <typename Clock, typename Duration>
struct shape<std::chrono::time_point<Clock, Duration>> : shaped<Duration> {
    using point = std::chrono::time_point<Clock, Duration>;
    static constexpr bool flat = is_flat<Duration> && sizeof(point) == sizeof(Duration);
    static constexpr std::size_t smallest = shape<Duration>::smallest;

    static void write(encoder& archive, const point& value) { archive(value.time_since_epoch()); }
    static point read(decoder& archive) { return point(archive.read<Duration>()); }
};

template <>
struct shape<std::monostate> : shaped<> {
    static constexpr std::size_t smallest = 0;
    static void write(encoder&, std::monostate) {}
    static std::monostate read(decoder&) { return {}; }
};

// Parts one after another.

template <typename... Ts>
struct shape<std::tuple<Ts...>> : shaped<Ts...> {
    static constexpr std::size_t smallest = (std::size_t{0} + ... + shape<Ts>::smallest);

    static void write(encoder& archive, const std::tuple<Ts...>& value)
    {
        std::apply([&archive](const Ts&... parts) { (archive & ... & parts); }, value);
    }
    static std::tuple<Ts...> read(decoder& archive)
    {
        // Braces, since they fix the order of evaluation.
        return std::tuple<Ts...>{shape<Ts>::read(archive)...};
    }
};

template <>
struct shape<std::tuple<>> : shaped<> {
    static constexpr std::size_t smallest = 0;
    static void write(encoder&, const std::tuple<>&) {}
    static std::tuple<> read(decoder&) { return {}; }
};

template <typename A, typename B>
struct shape<std::pair<A, B>> : shaped<A, B> {
    // A map's elements have const keys.
    using first = std::remove_const_t<A>;
    static constexpr std::size_t smallest = shape<first>::smallest + shape<B>::smallest;
    using parts = type_list<first, B>;

    static void write(encoder& archive, const std::pair<A, B>& value)
    {
        archive(value.first, value.second);
    }
    static std::pair<A, B> read(decoder& archive)
    {
        return std::pair<A, B>{shape<first>::read(archive), shape<B>::read(archive)};
    }
};

template <typename T, std::size_t N>
struct shape<std::array<T, N>> : shaped<T> {
    static constexpr bool flat = is_flat<T> && N != 0;
    static constexpr std::size_t smallest = N * shape<T>::smallest;

    static void write(encoder& archive, const std::array<T, N>& value)
    {
        if constexpr (flat) {
            archive.write(value.data(), sizeof value);
        } else {
            for (const T& element : value) {
                archive(element);
            }
        }
    }
    static std::array<T, N> read(decoder& archive)
    {
        if constexpr (flat) {
            std::array<T, N> value;
            archive.read(value.data(), sizeof value);
            return value;
        } else {
            return read_each(archive, std::make_index_sequence<N>());
        }
    }

private:
    template <std::size_t... I>
    static std::array<T, N> read_each(decoder& archive, std::index_sequence<I...>)
    {
        return {{(static_cast<void>(I), shape<T>::read(archive))...}};
    }
};

template <plain_aggregate T>
struct shape<T> {
    static constexpr bool exists = true;
    static constexpr std::size_t size = boost::pfr::tuple_size_v<T>;

private:
    template <std::size_t I>
    using part = boost::pfr::tuple_element_t<I, T>;

    template <std::size_t... I>
    static auto parts_of(std::index_sequence<I...>) -> type_list<std::remove_cv_t<part<I>>...>;

    template <typename... Ts>
    static constexpr std::size_t sum_smallest(type_list<Ts...>)
    {
        return (std::size_t{0} + ... + shape<Ts>::smallest);
    }
    // Flat if its members are and no padding lies between them.
    template <typename... Ts>
    static constexpr bool all_flat(type_list<Ts...>)
    {
        return sizeof...(Ts) != 0 && (is_flat<Ts> && ...) &&
               (std::size_t{0} + ... + sizeof(Ts)) == sizeof(T);
    }

public:
    using parts = decltype(parts_of(std::make_index_sequence<size>()));
    static constexpr bool flat = std::is_trivially_copyable_v<T> && all_flat(parts());
    static constexpr std::size_t smallest = sum_smallest(parts());

    static void write(encoder& archive, const T& value)
    {
        const depth_guard guard(archive.depth(), sizeof(T));
        write_each(archive, value, std::make_index_sequence<size>());
    }
    static T read(decoder& archive)
    {
        const depth_guard guard(archive.depth(), sizeof(T));
        return read_each(archive, parts());
    }

private:
    template <std::size_t... I>
    static void write_each([[maybe_unused]] encoder& archive,
                           [[maybe_unused]] const T& value,
                           std::index_sequence<I...>)
    {
        (static_cast<void>(archive & boost::pfr::get<I>(value)), ...);
    }
    template <typename... Ts>
    static T read_each([[maybe_unused]] decoder& archive, type_list<Ts...>)
    {
        return T{shape<Ts>::read(archive)...};
    }
};

template <customized T>
struct shape<T> : shaped<> {
    static constexpr std::size_t smallest = 0;

    static void write(encoder& archive, const T& value)
    {
        const depth_guard guard(archive.depth(), sizeof(T));
        // One function serves both directions, so it takes a reference to non-const; saving only reads.
        call_serialize(archive, const_cast<T&>(value));
    }
    static T read(decoder& archive)
    {
        static_assert(std::is_default_constructible_v<T>,
                      "cofutures: a type with a serialize function must be default-constructible "
                      "to be decoded");
        const depth_guard guard(archive.depth(), sizeof(T));
        T value{};
        call_serialize(archive, value);
        return value;
    }
};

// One of several.

template <typename T>
struct shape<std::optional<T>> : shaped<T> {
    static constexpr std::size_t smallest = 1;

    static void write(encoder& archive, const std::optional<T>& value)
    {
        archive(value.has_value());
        if (value) {
            archive&* value;
        }
    }
    static std::optional<T> read(decoder& archive)
    {
        if (!archive.read<bool>()) {
            return std::nullopt;
        }
        return std::optional<T>(shape<T>::read(archive));
    }
};

template <typename T>
    requires(!std::is_polymorphic_v<T> &&
             !std::is_array_v<T>) // the dynamic type could be another one
struct shape<std::unique_ptr<T>> : shaped<T> {
    static constexpr std::size_t smallest = 1;

    static void write(encoder& archive, const std::unique_ptr<T>& value)
    {
        archive&(value != nullptr);
        if (value) {
            const depth_guard guard(archive.depth(), sizeof(T));
            archive&* value;
        }
    }
    static std::unique_ptr<T> read(decoder& archive)
    {
        if (!archive.read<bool>()) {
            return nullptr;
        }
        const depth_guard guard(archive.depth(), sizeof(T));
        return std::make_unique<T>(shape<T>::read(archive));
    }
};

template <typename... Ts>
struct shape<std::variant<Ts...>> : shaped<Ts...> {
    using variant = std::variant<Ts...>;
    static constexpr std::size_t smallest = sizeof(std::uint32_t);

    static void write(encoder& archive, const variant& value)
    {
        if (value.valueless_by_exception()) {
            throw codec_error("a variant without a value cannot be encoded");
        }
        archive(static_cast<std::uint32_t>(value.index()));
        std::visit([&archive](const auto& alternative) { archive(alternative); }, value);
    }
    static variant read(decoder& archive)
    {
        const auto index = archive.read<std::uint32_t>();
        if (index >= sizeof...(Ts)) {
            throw codec_error("a variant of " + std::to_string(sizeof...(Ts)) +
                              " alternatives cannot hold number " + std::to_string(index));
        }
        return readers(std::index_sequence_for<Ts...>())[index](archive);
    }

private:
    template <std::size_t I>
    static variant read_alternative(decoder& archive)
    {
        return variant(std::in_place_index<I>,
                       archive.read<std::variant_alternative_t<I, variant>>());
    }
    template <std::size_t... I>
    static auto readers(std::index_sequence<I...>)
    {
        return std::array<variant (*)(decoder&), sizeof...(I)>{&read_alternative<I>...};
    }
};

template <>
struct shape<std::filesystem::path> : shaped<> {
    static constexpr std::size_t smallest = sizeof(std::uint64_t);

    static void write(encoder& archive, const std::filesystem::path& value)
    {
        archive.write_count(value.native().size());
        archive.write(value.native().data(), value.native().size());
    }
    static std::filesystem::path read(decoder& archive)
    {
        const std::size_t size = archive.read_count(1);
        const std::byte* const bytes = archive.view(size);
        return std::string(reinterpret_cast<const char*>(bytes), size);
    }
};

} // namespace cofutures::detail

#include <cofutures/detail/codec_containers.hpp>
