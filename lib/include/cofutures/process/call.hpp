// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A call that can be sent to workers any number of times. Floor 4.

#include <cofutures/detail/process_call.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace cofutures::process {

/// A function with its arguments, encoded when it is made; for `process_pool_options::initializer`.
///
/// Made implicitly from any callable that needs no arguments.
///
/// **Throws** The constructor throws what encoding the arguments throws.
class call {
public:
    template <typename Function, typename... Args>
        requires(!std::same_as<std::remove_cvref_t<Function>, call> &&
                 detail::task_call<Function, detail::wire_t<Args>...>)
    call(Function&& function, Args&&... args)
    {
        using stored = std::decay_t<Function>;
        detail::require_plain_result<detail::call_result_t<Function, detail::wire_t<Args>...>>();
        detail::require_wire_callable<stored>();
        (detail::require_encodable<detail::wire_t<Args>>(), ...);
        detail::require_callable(function);
        if constexpr (detail::wire_callable<stored> && (encodable<detail::wire_t<Args>> && ...)) {
            byte_buffer bytes;
            encoder archive(bytes);
            detail::write_call<void, stored, detail::wire_t<Args>...>(
                archive, function, detail::to_wire(args)...);
            bytes_ = std::make_shared<const byte_buffer>(std::move(bytes));
        }
    }

    const byte_buffer& bytes() const noexcept { return *bytes_; }

private:
    std::shared_ptr<const byte_buffer> bytes_;
};

} // namespace cofutures::process
