// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/http/credentials.hpp>

#include <algorithm>
#include <stdexcept>

namespace cofutures::http {

namespace {

bool is_control(char c)
{
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

std::string base64(std::string_view bytes)
{
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        unsigned group = 0;
        for (std::size_t j = i; j < i + 3; ++j) {
            group = group << 8 | (j < bytes.size() ? static_cast<unsigned char>(bytes[j]) : 0u);
        }
        const std::size_t used = std::min<std::size_t>(bytes.size() - i, 3) + 1;
        for (std::size_t j = 0; j < 4; ++j) {
            text += j < used ? digits[group >> (18 - 6 * j) & 0x3f] : '=';
        }
    }
    return text;
}

} // namespace

credentials credentials::basic(std::string_view user, std::string_view password)
{
    // The server would take what follows the colon for the password, which it may be: not shown.
    if (user.find(':') != std::string_view::npos) {
        throw std::invalid_argument("a user name must not contain a colon");
    }
    if (std::any_of(user.begin(), user.end(), is_control) ||
        std::any_of(password.begin(), password.end(), is_control)) {
        throw std::invalid_argument("a user name or password contains a control character");
    }
    return credentials("Basic " + base64(std::string(user) + ":" + std::string(password)));
}

credentials credentials::bearer(std::string_view token)
{
    constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                         "0123456789-._~+/=";
    if (token.empty() || token.find_first_not_of(allowed) != std::string_view::npos) {
        throw std::invalid_argument("not a bearer token: it must consist of letters, digits and "
                                    "-._~+/= only");
    }
    return credentials("Bearer " + std::string(token));
}

} // namespace cofutures::http
