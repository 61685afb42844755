// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What a call asks for, and where the body of its response goes.

#include <cofutures/http/client.hpp>

#include "response_parser.hpp"

#include <filesystem>
#include <string>

namespace cofutures::http::detail {

/// What is to be done, with every option settled.
struct exchange_job {
    request message;
    time_limits limits;
    std::size_t max_redirects;
    std::uint64_t max_body;
    retry_policy retries;
    std::filesystem::path target; ///< where the body goes; empty for memory
};

/// Collects a body in memory, for a file, or only counts it.
class body_collector final : public body_receiver {
public:
    enum class mode { memory, file, discard };

    explicit body_collector(const exchange_job& job, std::size_t redirects_left)
        : job_(job), redirects_left_(redirects_left)
    {}

    void begin(const response_head& head, std::optional<std::uint64_t> length) override;
    void append(std::string_view bytes) override;

    mode kind() const noexcept { return mode_; }
    std::uint64_t size() const noexcept { return size_; }

    std::string bytes; ///< what has arrived and was not written to a file yet

private:
    const exchange_job& job_;
    std::size_t redirects_left_;
    mode mode_ = mode::discard;
    std::uint64_t size_ = 0;
};

} // namespace cofutures::http::detail
