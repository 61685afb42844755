// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "body_collector.hpp"

#include "redirect.hpp"

#include <algorithm>

namespace cofutures::http::detail {

void body_collector::begin(const response_head& head, std::optional<std::uint64_t> length)
{
    const bool followed = redirects_left_ > 0 && is_redirect(head);
    if (job_.target.empty()) {
        mode_ = followed ? mode::discard : mode::memory;
    } else {
        mode_ = head.ok() ? mode::file : mode::discard;
    }
    if (mode_ == mode::memory && length) {
        // The length is only the server's word: what it announces is not allocated at once.
        bytes.reserve(std::min<std::uint64_t>(*length, 1024 * 1024));
    }
}

void body_collector::append(std::string_view more)
{
    size_ += more.size();
    if (mode_ != mode::discard) {
        bytes.append(more);
    }
}

} // namespace cofutures::http::detail
