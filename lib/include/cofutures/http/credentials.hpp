// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Who a request says that it comes from. Floor 6.

#include <cofutures/detail/cplusplus.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace cofutures::http {

/// The value of an `Authorization` header.
///
/// Sent to the origin that was asked for, and withheld from every other one that redirects lead to.
class credentials {
public:
    /// A name and a password, which anybody on the way can read unless the URL is an https one.
    ///
    /// **Throws** `std::invalid_argument` if the name contains a colon, or either a control
    ///   character.
    static credentials basic(std::string_view user, std::string_view password);

    /// A token, as OAuth servers and many others give out.
    ///
    /// **Throws** `std::invalid_argument` if it is empty or contains a blank or another character
    ///   that tokens have not.
    static credentials bearer(std::string_view token);

    /// What follows "Authorization: ".
    const std::string& field() const noexcept { return field_; }

    friend bool operator==(const credentials&, const credentials&) = default;

private:
    explicit credentials(std::string field) : field_(std::move(field)) {}

    std::string field_;
};

} // namespace cofutures::http
