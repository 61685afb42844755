// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

#include "exchange.hpp"

#include <string>
#include <utility>

namespace cofutures::http::detail {

/// Holds a turn with an origin while a request is made.
class exchange::turn {
public:
    turn(exchange& owner, std::string origin) : owner_(owner), origin_(std::move(origin)) {}
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

    // The connection goes first: the next request must not find one connection too many.
    ~turn()
    {
        owner_.drop_connection();
        owner_.context_.pool.end_turn(origin_);
    }

private:
    exchange& owner_;
    std::string origin_;
};

} // namespace cofutures::http::detail
