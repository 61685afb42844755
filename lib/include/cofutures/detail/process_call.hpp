// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// How a call becomes bytes, and what the worker does with them. Floor 4, internal.
///
/// The bytes of a call: the address of an instance of `run_call`, the state of the callable, the
/// arguments. `run_call` knows all types, so nothing needs to be registered or described.

#include <cofutures/codec.hpp>
#include <cofutures/detail/code_address.hpp>
#include <cofutures/detail/map_core.hpp>
#include <cofutures/detail/task_state.hpp>
#include <cofutures/process/exceptions.hpp>

#include <concepts>
#include <cstddef>
#include <cstring>
#include <functional>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace cofutures::detail {

/// What a worker offers to the call that it runs.
class call_context {
public:
    /// A token stopped by `future::request_stop()` or the soft time limit.
    virtual std::stop_token stop_token() = 0;

    /// The place for a result of exactly `size` bytes.
    virtual std::span<std::byte> reply_place(std::size_t size) = 0;

protected:
    ~call_context() = default;
};

using trampoline = void(decoder& archive, call_context& context);

// Arguments. Text literals travel as strings, everything else as its decayed type.

template <typename Arg>
using wire_t = std::conditional_t<std::is_same_v<std::decay_t<Arg>, const char*> ||
                                      std::is_same_v<std::decay_t<Arg>, char*>,
                                  std::string,
                                  std::decay_t<Arg>>;

// Callables.

template <typename F>
concept stateless_callable =
    std::is_class_v<F> && std::is_empty_v<F> && std::default_initializable<F> && !customized<F>;

template <typename F>
concept code_pointer = std::is_pointer_v<F> && std::is_function_v<std::remove_pointer_t<F>>;

template <typename F>
concept wire_callable = code_pointer<F> || std::is_member_pointer_v<F> || stateless_callable<F> ||
    (std::is_class_v<F>&& encodable<F>);

template <typename F>
constexpr void require_wire_callable()
{
    if constexpr (!wire_callable<F>) {
        if constexpr (is_instance<F, std::function>) {
            static_assert(sizeof(F) == 0,
                          "cofutures: std::function hides what it holds and cannot go to another "
                          "process; pass the "
                          "function, a captureless lambda, or an aggregate with operator() and "
                          "encodable members");
        } else {
            static_assert(sizeof(F) == 0,
                          "cofutures: a lambda with captures (or a class with private state) "
                          "cannot go to another "
                          "process; pass what it captures as arguments, or use an aggregate with "
                          "operator(), or give "
                          "the class a function serialize(archive, value)");
        }
    }
}

/// The Itanium ABI's pointer to member function: an address, or an odd offset into the vtable.
struct member_function_words {
    std::uintptr_t code = 0;
    std::ptrdiff_t adjustment = 0;
};

template <typename F>
struct callable_codec {
    static void write(encoder& archive, const F& function)
    {
        if constexpr (code_pointer<F>) {
            archive(locate_function(function));
        } else if constexpr (std::is_member_function_pointer_v<F>) {
            static_assert(sizeof(F) == sizeof(member_function_words));
            member_function_words words;
            std::memcpy(static_cast<void*>(&words), &function, sizeof words);
            const bool is_virtual = (words.code & 1) != 0;
            archive(is_virtual, words.adjustment);
            if (is_virtual) {
                archive(words.code);
            } else {
                archive(locate_code(reinterpret_cast<const void*>(words.code)));
            }
        } else if constexpr (std::is_member_object_pointer_v<F>) {
            archive.write(&function, sizeof function);
        } else if constexpr (!stateless_callable<F>) {
            archive(function);
        }
    }

    static F read([[maybe_unused]] decoder& archive)
    {
        if constexpr (code_pointer<F>) {
            return function_at<F>(archive.read<code_address>());
        } else if constexpr (std::is_member_function_pointer_v<F>) {
            member_function_words words;
            const bool is_virtual = archive.read<bool>();
            archive(words.adjustment);
            words.code =
                is_virtual
                    ? archive.read<std::uintptr_t>()
                    : reinterpret_cast<std::uintptr_t>(code_at(archive.read<code_address>()));
            F function;
            std::memcpy(&function, &words, sizeof words);
            return function;
        } else if constexpr (std::is_member_object_pointer_v<F>) {
            F function;
            archive.read(&function, sizeof function);
            return function;
        } else if constexpr (stateless_callable<F>) {
            return F();
        } else {
            return archive.read<F>();
        }
    }
};

// Results. The outcomes of a chunk carry exceptions, which no other value may.

template <typename R>
struct result_codec {
    static void write(encoder& archive, const R& value) { archive(value); }
    static R read(decoder& archive) { return archive.read<R>(); }
};

template <>
struct result_codec<void> {
    static void read(decoder&) {}
};

template <typename Value>
struct result_codec<std::vector<std::variant<Value, std::exception_ptr>>> {
    using outcomes = std::vector<std::variant<Value, std::exception_ptr>>;

    static void write(encoder& archive, const outcomes& values)
    {
        archive.write_count(values.size());
        for (const auto& outcome : values) {
            const bool failed = outcome.index() != 0;
            archive(failed);
            if (failed) {
                write_exception(archive, std::get<1>(outcome));
            } else {
                archive(std::get<0>(outcome));
            }
        }
    }
    static outcomes read(decoder& archive)
    {
        outcomes values;
        const std::size_t count = archive.read_count(1);
        values.reserve(count);
        for (std::size_t i = 0; i != count; ++i) {
            if (archive.read<bool>()) {
                values.emplace_back(std::in_place_index<1>, read_exception(archive));
            } else {
                values.emplace_back(std::in_place_index<0>, archive.read<Value>());
            }
        }
        return values;
    }
};

/// What the future of a call holds: never a reference, which would point into the worker.
template <typename F, typename... Args>
using process_result_t = std::remove_cvref_t<call_result_t<F, wire_t<Args>...>>;

template <typename R>
constexpr void require_wire_result()
{
    require_plain_result<R>();
    if constexpr (!std::is_void_v<R>) {
        static_assert(!holds_view<R>(),
                      "cofutures: the result of a process task must own its data; return "
                      "std::string or std::vector "
                      "instead of a view");
        require_encodable<R>();
    }
}

/// Runs in the worker: decodes, calls, encodes.
template <typename R, typename F, typename... Args>
void run_call(decoder& archive, call_context& context)
{
    F function = callable_codec<F>::read(archive);
    std::tuple<Args...> arguments = archive.read<std::tuple<Args...>>();
    archive.require_end();
    const auto call = [&]() -> decltype(auto) {
        return std::apply(
            [&](Args&... args) -> decltype(auto) {
                if constexpr (std::invocable<F, Args...>) {
                    return std::invoke(std::move(function), std::move(args)...);
                } else {
                    return std::invoke(
                        std::move(function), context.stop_token(), std::move(args)...);
                }
            },
            arguments);
    };
    if constexpr (std::is_void_v<R>) {
        call();
    } else {
        const R result = call();
        encoder counter;
        result_codec<R>::write(counter, result);
        encoder writer(context.reply_place(counter.written()));
        result_codec<R>::write(writer, result);
    }
}

/// Writes the call of `function` with `args`; once to measure, once into its place.
template <typename R, typename F, typename... Args>
void write_call(encoder& archive, const F& function, const Args&... args)
{
    static const code_address entry = locate_function(&run_call<R, F, Args...>);
    archive(entry);
    callable_codec<F>::write(archive, function);
    static_cast<void>((archive & ... & args));
}

/// A range's chunk as one call: `F` for each input, each outcome kept apart.
template <typename Value, typename F, typename Input>
struct process_chunk;

template <typename Value, typename F, typename... Elements>
struct process_chunk<Value, F, std::tuple<Elements...>> {
    using inputs = std::vector<std::tuple<Elements...>>;

    F function;

    chunk_outcomes<Value> operator()(inputs chunk) requires plain_call<F, Elements...>
    {
        return run({}, std::move(chunk));
    }
    chunk_outcomes<Value> operator()(std::stop_token token,
                                     inputs chunk) requires(!plain_call<F, Elements...>)
    {
        return run(std::move(token), std::move(chunk));
    }

private:
    chunk_outcomes<Value> run(std::stop_token token, inputs chunk)
    {
        return chunk_call<Value, F, std::tuple<Elements...>>(std::move(function),
                                                             std::move(chunk))(std::move(token));
    }
};

template <typename Value, typename F, typename Input>
struct callable_codec<process_chunk<Value, F, Input>> {
    using chunk = process_chunk<Value, F, Input>;
    static void write(encoder& archive, const chunk& call)
    {
        callable_codec<F>::write(archive, call.function);
    }
    static chunk read(decoder& archive) { return chunk{callable_codec<F>::read(archive)}; }
};

/// Turns an argument into what travels.
template <typename Arg>
decltype(auto) to_wire(const Arg& arg)
{
    if constexpr (std::is_same_v<wire_t<Arg>, std::string> &&
                  !std::is_same_v<std::decay_t<Arg>, std::string>) {
        const char* const text = arg;
        if (text == nullptr) {
            throw std::invalid_argument("cofutures: a null pointer is no text argument");
        }
        return std::string(text);
    } else if constexpr (std::is_same_v<wire_t<Arg>, Arg>) {
        return (arg);
    } else {
        return wire_t<Arg>(arg);
    }
}

/// What a chunk holds of ranges: what travels of their elements, so text as strings.
template <typename... Ranges>
struct wire_inputs {
    using input = std::tuple<wire_t<element_t<Ranges>>...>;

    template <typename... Elements>
    static void add(std::vector<input>& chunk, Elements&&... elements)
    {
        chunk.emplace_back(part(std::forward<Elements>(elements))...);
    }

private:
    template <typename Element>
    static decltype(auto) part(Element&& element)
    {
        if constexpr (std::is_pointer_v<std::decay_t<Element>>) {
            return to_wire(element);
        } else {
            return std::forward<Element>(element);
        }
    }
};

} // namespace cofutures::detail
