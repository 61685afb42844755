// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/http/message.hpp>

#include "token.hpp"

#include <algorithm>
#include <stdexcept>

namespace cofutures::http {

namespace {

void check_field(const std::string& name, const std::string& value)
{
    if (!detail::is_token(name)) {
        throw std::invalid_argument("not a valid header name: '" + name + "'");
    }
    if (!detail::is_field_value(value)) {
        throw std::invalid_argument("the value of header '" + name +
                                    "' contains a control character");
    }
}

} // namespace

headers::headers(std::initializer_list<field> fields)
{
    for (const field& each : fields) {
        add(each.first, each.second);
    }
}

void headers::add(std::string name, std::string value)
{
    check_field(name, value);
    fields_.emplace_back(std::move(name), std::move(value));
}

void headers::set(std::string name, std::string value)
{
    check_field(name, value);
    remove(name);
    fields_.emplace_back(std::move(name), std::move(value));
}

std::size_t headers::remove(std::string_view name)
{
    return std::erase_if(fields_, [name](const field& each) {
        return detail::equal_ignoring_case(each.first, name);
    });
}

std::optional<std::string_view> headers::get(std::string_view name) const noexcept
{
    for (const field& each : fields_) {
        if (detail::equal_ignoring_case(each.first, name)) {
            return each.second;
        }
    }
    return std::nullopt;
}

void response_head::ensure_success() const
{
    if (!ok()) {
        throw status_error(status, reason, url);
    }
}

} // namespace cofutures::http
