// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "exchange_context.hpp"

#include <cofutures/timeout.hpp>

#include <chrono>
#include <limits>
#include <utility>

namespace cofutures::http::detail {

namespace {

headers usual_fields(const client_options& options)
{
    headers fields;
    if (!options.user_agent.empty()) {
        fields.add("User-Agent", options.user_agent);
    }
    return fields;
}

} // namespace

exchange_context::exchange_context(asio::any_io_executor executor, client_options client)
    : strand(std::move(executor)),
      options(std::move(client)),
      usual(usual_fields(options)),
      pool(strand,
           {.per_host = options.max_connections_per_host,
            .total = options.max_connections.value_or(std::numeric_limits<std::size_t>::max()),
            .keep_alive = cofutures::detail::saturated(options.keep_alive)}),
      lookups(strand),
      names([this](const std::string& host,
                   name_cache::callback answer) { lookups.ask(host, std::move(answer)); },
            cofutures::detail::saturated(options.name_lifetime)),
      rates(options.max_rate, options.max_rate_per_host)
{}

tls_context& exchange_context::tls()
{
    if (!tls_) {
        tls_ = std::make_unique<tls_context>(options.tls);
    }
    return *tls_;
}

asio::thread_pool& exchange_context::files()
{
    if (!files_) {
        files_ = std::make_unique<asio::thread_pool>(1);
    }
    return *files_;
}

asio::thread_pool& exchange_context::generators()
{
    if (!generators_) {
        generators_ = std::make_unique<asio::thread_pool>(1);
    }
    return *generators_;
}

} // namespace cofutures::http::detail
