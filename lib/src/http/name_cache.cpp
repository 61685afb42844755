// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "name_cache.hpp"

#include <cofutures/timeout.hpp>

#include <algorithm>
#include <utility>

namespace cofutures::http::detail {

using boost::system::error_code;

name_cache::name_cache(resolver ask, clock::duration lifetime)
    : ask_(std::move(ask)), lifetime_(lifetime)
{}

std::shared_ptr<name_lookup> name_cache::find(const std::string& host, clock::time_point now)
{
    if (const auto known = known_.find(host); known != known_.end()) {
        const name_lookup& earlier = *known->second;
        if (!earlier.done || (!earlier.ec && now < earlier.expires)) {
            return known->second;
        }
        known_.erase(known);
    }
    auto search = std::make_shared<name_lookup>();
    search->host = host;
    search->expires = cofutures::detail::later(now, lifetime_);
    if (known_.size() >= max_size) {
        std::erase_if(known_, [now](const auto& each) {
            return each.second->done && each.second->expires <= now;
        });
    }
    if (known_.size() < max_size) {
        known_.emplace(host, search);
    }
    queue_.push_back(search);
    start_queued();
    return search;
}

void name_cache::start_queued()
{
    while (running_ < max_running && !queue_.empty()) {
        const std::shared_ptr<name_lookup> next = std::move(queue_.front());
        queue_.pop_front();
        start(next);
    }
}

void name_cache::start(const std::shared_ptr<name_lookup>& search)
{
    ++running_;
    ask_(search->host,
         [this, search](const error_code& ec, std::vector<asio::ip::address> addresses) {
             --running_;
             search->ec = ec;
             search->addresses = std::move(addresses);
             search->done = true;
             for (const auto& each : std::exchange(search->waiting, {})) {
                 if (const auto event = each.lock()) {
                     event->trigger();
                 }
             }
             start_queued();
             if (running_ == 0) {
                 on_idle();
             }
         });
}

void name_cache::give_up(const std::shared_ptr<name_lookup>& search, const strand_event& who)
{
    std::erase_if(search->waiting, [&who](const auto& each) {
        const auto event = each.lock();
        return event == nullptr || event.get() == &who;
    });
    const auto queued = std::find(queue_.begin(), queue_.end(), search);
    if (!search->waiting.empty() || queued == queue_.end()) {
        return;
    }
    queue_.erase(queued);
    if (const auto known = known_.find(search->host);
        known != known_.end() && known->second == search) {
        known_.erase(known);
    }
}

void name_cache::forget(const std::string& host)
{
    known_.erase(host);
}

} // namespace cofutures::http::detail
