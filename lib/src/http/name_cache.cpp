// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "name_cache.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <utility>

namespace cofutures::http::detail {

namespace {

using asio::ip::tcp;
using boost::system::error_code;

void ask_system(const asio::any_io_executor& strand,
                const std::string& host,
                name_cache::callback answer)
{
    const auto search = std::make_shared<tcp::resolver>(strand);
    search->async_resolve(host,
                          "",
                          [search, answer = std::move(answer)](
                              const error_code& ec, const tcp::resolver::results_type& found) {
                              std::vector<asio::ip::address> addresses;
                              for (const auto& each : found) {
                                  addresses.push_back(each.endpoint().address());
                              }
                              answer(ec, std::move(addresses));
                          });
}

} // namespace

name_cache::name_cache(const asio::any_io_executor& strand, clock::duration lifetime)
    : name_cache([strand](const std::string& host,
                          callback answer) { ask_system(strand, host, std::move(answer)); },
                 lifetime)
{}

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
    search->expires = now + lifetime_;
    if (known_.size() >= max_size) {
        std::erase_if(known_, [now](const auto& each) {
            return each.second->done && each.second->expires <= now;
        });
    }
    if (known_.size() < max_size) {
        known_.emplace(host, search);
    }
    ask_(host, [search](const error_code& ec, std::vector<asio::ip::address> addresses) {
        search->ec = ec;
        search->addresses = std::move(addresses);
        search->done = true;
        for (const auto& each : std::exchange(search->waiting, {})) {
            if (const auto event = each.lock()) {
                event->trigger();
            }
        }
    });
    return search;
}

void name_cache::forget(const std::string& host)
{
    known_.erase(host);
}

} // namespace cofutures::http::detail
