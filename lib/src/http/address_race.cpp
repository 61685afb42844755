// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "address_race.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

namespace cofutures::http::detail {

using boost::system::error_code;
using std::chrono::steady_clock;
using endpoint = asio::generic::stream_protocol::endpoint;

std::vector<endpoint> interleaved(const std::vector<endpoint>& addresses)
{
    std::vector<endpoint> first;
    std::vector<endpoint> others;
    for (const endpoint& each : addresses) {
        const bool same = each.protocol().family() == addresses.front().protocol().family();
        (same ? first : others).push_back(each);
    }
    std::vector<endpoint> sorted;
    for (std::size_t i = 0; i < std::max(first.size(), others.size()); ++i) {
        if (i < first.size()) {
            sorted.push_back(first[i]);
        }
        if (i < others.size()) {
            sorted.push_back(others[i]);
        }
    }
    return sorted;
}

address_race::address_race(const asio::any_io_executor& executor, std::vector<endpoint> addresses)
    : executor_(executor),
      addresses_(std::move(addresses)),
      event_(executor),
      failure_(std::make_error_code(std::errc::address_not_available))
{}

asio::awaitable<address_race::socket> address_race::run()
{
    while (!winner_ && !stopped_) {
        const bool more = attempts_.size() < addresses_.size();
        if (more && (running_ == 0 || steady_clock::now() >= next_start_)) {
            start_next();
        } else if (running_ != 0) {
            co_await event_.wait_until(more ? next_start_ : steady_clock::time_point::max());
        } else {
            break;
        }
    }
    if (stopped_) {
        throw std::system_error(std::make_error_code(std::errc::operation_canceled));
    }
    if (!winner_) {
        throw std::system_error(failure_);
    }
    socket connected = std::move(*attempts_[*winner_]);
    attempts_.clear();
    co_return connected;
}

void address_race::start_next()
{
    const std::size_t which = attempts_.size();
    next_start_ = steady_clock::now() + attempt_delay;
    attempts_.push_back(std::make_unique<socket>(executor_));
    ++running_;
    attempts_.back()->async_connect(
        addresses_[which],
        [self = shared_from_this(), which](const error_code& ec) { self->finished(which, ec); });
}

void address_race::finished(std::size_t which, const error_code& ec)
{
    --running_;
    if (winner_ || stopped_) {
        return; // and the socket is gone
    }
    if (ec) {
        failure_ = ec;
        attempts_[which].reset();
        next_start_ = steady_clock::now();
    } else {
        winner_ = which;
    }
    event_.trigger();
}

void address_race::stop() noexcept
{
    stopped_ = true;
    attempts_.clear();
    event_.trigger();
}

} // namespace cofutures::http::detail
