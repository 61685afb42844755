// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Exceptions that keep their type on the way back from a worker process. Floor 4.

#include <cofutures/codec.hpp>
#include <cofutures/detail/code_address.hpp>

#include <concepts>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace cofutures {

namespace detail {

/// How one type of exception is written and made again.
struct exception_handler {
    const std::type_info* type;
    const std::type_info* nested_type; // what std::throw_with_nested makes of it; null if it cannot
    void (*write)(encoder& archive, const std::exception_ptr& exception);
    std::exception_ptr (*read)(decoder& archive,
                               const std::exception_ptr& cause,
                               const std::string& what);
};

void add_exception_handler(const exception_handler& (*handler)());

/// Writes any exception with its chain of nested ones; never fails because of the exception.
void write_exception(encoder& archive, const std::exception_ptr& exception);
std::exception_ptr read_exception(decoder& archive);

/// The exception, with `cause` nested in it if there is one.
template <typename E>
std::exception_ptr exception_with_cause(E exception, const std::exception_ptr& cause)
{
    if (cause == nullptr) {
        return std::make_exception_ptr(std::move(exception));
    }
    try {
        std::rethrow_exception(cause);
    } catch (...) {
        try {
            std::throw_with_nested(std::move(exception));
        } catch (...) {
            return std::current_exception();
        }
    }
}

/// Whether a text is all there is to an `E`, as far as its size can tell: what a class adds to the
/// standard one that holds its text would be lost.
template <typename E>
inline constexpr bool is_but_text = sizeof(E) == (std::derived_from<E, std::runtime_error>
                                                      ? sizeof(std::runtime_error)
                                                  : std::derived_from<E, std::logic_error>
                                                      ? sizeof(std::logic_error)
                                                      : sizeof(std::exception));

template <typename E>
concept constructible_from_text = std::derived_from<E, std::exception> &&
    (std::constructible_from<E, std::string> || std::constructible_from<E, const char*>);

template <typename E>
concept made_from_text = constructible_from_text<E> && is_but_text<E> && !inherits_serialize<E>;

template <typename E>
E exception_from_text(const std::string& what)
{
    if constexpr (std::constructible_from<E, std::string>) {
        return E(what);
    } else {
        return E(what.c_str());
    }
}

template <typename E>
void write_exception_as(encoder& archive, const std::exception_ptr& exception)
{
    if constexpr (customized<E> || !made_from_text<E>) {
        try {
            std::rethrow_exception(exception);
        } catch (const E& e) {
            archive(e);
        }
    }
}

template <typename E>
std::exception_ptr
read_exception_as(decoder& archive, const std::exception_ptr& cause, const std::string& what)
{
    if constexpr (customized<E> || !made_from_text<E>) {
        return exception_with_cause(archive.read<E>(), cause);
    } else {
        E made = exception_from_text<E>(what);
        if (what != made.what()) {
            throw codec_error("the exception makes another text of the one it is given");
        }
        return exception_with_cause(std::move(made), cause);
    }
}

template <typename E>
const std::type_info* nested_type_of()
{
#ifdef __GLIBCXX__
    if constexpr (std::is_class_v<E> && !std::is_final_v<E> &&
                  !std::derived_from<E, std::nested_exception>) {
        return &typeid(std::_Nested_exception<E>);
    }
#endif
    return nullptr;
}

template <typename E>
const exception_handler& exception_handler_of()
{
    static const exception_handler handler{
        &typeid(E), nested_type_of<E>(), &write_exception_as<E>, &read_exception_as<E>};
    return handler;
}

} // namespace detail

namespace process {

/// Lets exceptions of type `E` come back from workers as `E`.
///
/// `E` must be encodable (an aggregate, or with a `serialize` function), or derive from
/// `std::runtime_error` or `std::logic_error`, add no members, and be made from a string: then it is made
/// again from its `what()`. Exactly this type is meant; what is derived from it needs a registration of
/// its own and arrives as `remote_error` until then, as does what cannot be made with the same text.
/// The exceptions of the standard library and of cofutures, and `boost::system::system_error`, are known
/// from the start.
///
/// **Thread safety** Safe at any time, also while pools run: workers learn of it with their next task.
template <typename E>
void register_exception()
{
    static_assert(std::same_as<E, std::decay_t<E>>,
                  "cofutures: register the exception's own type, without const or &");
    if constexpr (encodable<E> || detail::made_from_text<E>) {
        detail::add_exception_handler(&detail::exception_handler_of<E>);
    } else if constexpr (detail::constructible_from_text<E> && !detail::inherits_serialize<E>) {
        static_assert(
            sizeof(E) == 0,
            "cofutures: this exception has members of its own, which its text cannot bring "
            "back; give it a function serialize(archive, value)");
    } else {
        detail::require_encodable<E>();
    }
}

} // namespace process

} // namespace cofutures
