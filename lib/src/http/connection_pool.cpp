// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "connection_pool.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace cofutures::http::detail {

asio::awaitable<void> strand_event::wait()
{
    boost::system::error_code ignored;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

bool connection_pool::take_turn(const std::string& origin, waiter& who)
{
    host_state& host = hosts_[origin];
    if (host.turns < limit_) {
        ++host.turns;
        who.granted = true;
        return true;
    }
    host.waiting.push_back(&who);
    return false;
}

void connection_pool::forget(const std::string& origin, waiter& who)
{
    if (who.granted) {
        end_turn(origin);
    } else {
        std::erase(hosts_[origin].waiting, &who);
    }
}

void connection_pool::end_turn(const std::string& origin)
{
    host_state& host = hosts_[origin];
    if (host.waiting.empty()) {
        --host.turns;
        if (host.turns == 0 && host.kept.empty()) {
            hosts_.erase(origin);
        }
        return;
    }
    waiter* next = host.waiting.front();
    host.waiting.pop_front();
    next->granted = true;
    next->event.trigger();
}

std::unique_ptr<connection> connection_pool::take_kept(const std::string& origin)
{
    host_state& host = hosts_[origin];
    const auto oldest = std::chrono::steady_clock::now() - keep_alive_;
    while (!host.kept.empty()) {
        std::unique_ptr<connection> candidate = std::move(host.kept.back());
        host.kept.pop_back();
        --kept_count_;
        if (candidate->unused_since > oldest && candidate->looks_alive()) {
            return candidate;
        }
    }
    return nullptr;
}

void connection_pool::keep(const std::string& origin, std::unique_ptr<connection> kept)
{
    kept->unused_since = std::chrono::steady_clock::now();
    hosts_[origin].kept.push_back(std::move(kept));
    ++kept_count_;
}

} // namespace cofutures::http::detail
