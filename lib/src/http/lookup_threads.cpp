// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "lookup_threads.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

#include <netdb.h>

namespace cofutures::http::detail {

host_addresses addresses_of(const std::string& host)
{
    addrinfo wish{};
    wish.ai_socktype = SOCK_STREAM; // else each address comes once for every kind of socket
    addrinfo* list = nullptr;
    if (::getaddrinfo(host.c_str(), nullptr, &wish, &list) != 0) {
        return {asio::error::host_not_found};
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
    host_addresses found;
    for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
        asio::ip::tcp::endpoint endpoint;
        if (each->ai_addrlen <= endpoint.capacity()) {
            std::memcpy(endpoint.data(), each->ai_addr, each->ai_addrlen);
            found.addresses.push_back(endpoint.address());
        }
    }
    return found;
}

lookup_threads::lookup_threads(asio::any_io_executor strand, function look_up)
    : strand_(std::move(strand)), look_up_(std::move(look_up))
{}

void lookup_threads::ask(const std::string& host, callback answer)
{
    const std::uint64_t number = ++last_;
    auto work = [this, host, number, answer, busy = asio::make_work_guard(strand_)] {
        host_addresses found = look_up_(host);
        asio::post(strand_, [this, number, answer, found = std::move(found)]() mutable {
            answered(number, answer, std::move(found));
        });
    };
    try {
        threads_.emplace(number, std::thread(std::move(work)));
    } catch (const std::system_error& error) { // no more threads
        asio::post(strand_,
                   [answer = std::move(answer), code = error.code()] { answer(code, {}); });
    }
}

void lookup_threads::answered(std::uint64_t number, const callback& answer, host_addresses found)
{
    // It has nothing left to do, so this does not block.
    threads_.at(number).join();
    threads_.erase(number);
    answer(found.ec, std::move(found.addresses));
}

} // namespace cofutures::http::detail
