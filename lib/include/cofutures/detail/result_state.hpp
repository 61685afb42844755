// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A shared state with room for a value of a known type. Floor 1, internal.

#include <cofutures/detail/config.hpp>
#include <cofutures/detail/shared_state.hpp>
#include <cofutures/error.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace cofutures::detail {

struct nothing {};

/// What is kept for a result of type `T`: the value, a pointer for a reference, nothing for void.
template <typename T>
using stored_t =
    std::conditional_t<std::is_void_v<T>,
                       nothing,
                       std::conditional_t<std::is_reference_v<T>, std::remove_reference_t<T>*, T>>;

/// Whether an exception is how work ends that was asked to stop, in any of its spellings: `cancelled_error`;
/// error codes that mean "operation cancelled", Asio's and its channels' among them, in
/// `boost::system::system_error` and `std::system_error`; these as the first of
/// `boost::asio::multiple_exceptions`, or nested in another exception.
///
/// Says nothing about whether anybody did ask: `store_failure` looks at that.
bool is_orderly_stop(const std::exception_ptr& error) noexcept;

/// Whether `Reference` can be bound to what `From` refers to, not to a temporary made of it: to an lvalue
/// of the same or a derived class, or through a conversion that yields a reference, as that of
/// `std::reference_wrapper`.
template <typename Reference, typename From>
concept binds_to_an_object =
    (std::is_lvalue_reference_v<From> &&
     std::is_convertible_v<std::remove_reference_t<From>*, std::remove_reference_t<Reference>*>) ||
    std::is_convertible_v<From, std::remove_const_t<std::remove_reference_t<Reference>>&> ||
    requires(From&& from)
{
    static_cast<From&&>(from).operator Reference();
};

template <typename T>
class result_state : public shared_state {
    static_assert(!std::is_rvalue_reference_v<T>,
                  "cofutures: a future cannot hold an rvalue reference");
    static_assert(std::is_void_v<T> || std::is_lvalue_reference_v<T> || std::is_destructible_v<T>);

public:
    const std::type_info& value_type() const noexcept final { return typeid(T); }

    /// Stores what `function` returns or throws. Only after `claim()` or `start()`; the phase that
    /// fits the outcome is returned, for `finish`.
    template <typename Function>
    phase store_outcome_of(Function&& function) noexcept
    {
        try {
            store_value_of(std::forward<Function>(function));
            return phase::succeeded;
        } catch (...) {
            return store_failure(std::current_exception());
        }
    }

    /// Stores a failure, under the same conditions; "cancelled" where it says that the work stopped as
    /// it was asked to.
    phase store_failure(std::exception_ptr error) noexcept
    {
        if (this->stop_requested() && is_orderly_stop(error)) {
            return phase::cancelled;
        }
        this->store_error(std::move(error));
        return phase::failed;
    }

    /// The value of a state in phase "succeeded".
    stored_t<T>& value() noexcept { return value_; }

protected:
    result_state() noexcept {}

    ~result_state() override
    {
        if (current() == phase::succeeded) {
            std::destroy_at(std::addressof(value_));
        }
    }

private:
    template <typename Function>
    void store_value_of(Function&& function)
    {
        if constexpr (std::is_void_v<T>) {
            std::invoke(std::forward<Function>(function));
            ::new (static_cast<void*>(std::addressof(value_))) nothing{};
        } else if constexpr (std::is_reference_v<T>) {
            static_assert(binds_to_an_object<T, std::invoke_result_t<Function>>,
                          "cofutures: a result that is a reference must refer to an object that "
                          "lives on; this one would be bound to a temporary");
            T reference = std::invoke(std::forward<Function>(function));
            ::new (static_cast<void*>(std::addressof(value_)))
                stored_t<T>(std::addressof(reference));
        } else {
            // Constructs in place: T need not be movable.
            ::new (static_cast<void*>(const_cast<std::remove_cv_t<T>*>(std::addressof(value_))))
                T(std::invoke(std::forward<Function>(function)));
        }
    }

    union {
        stored_t<T> value_; // alive in phase "succeeded" only
    };
};

/// The state behind a `promise<T>`; asks nobody when it is cancelled.
template <typename T>
class plain_state final : public result_state<T> {};

} // namespace cofutures::detail
