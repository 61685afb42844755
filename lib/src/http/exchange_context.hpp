// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What the calls of one client have in common.

#include <cofutures/http/client.hpp>

#include "connection_pool.hpp"
#include "cool_downs.hpp"
#include "lookup_threads.hpp"
#include "name_cache.hpp"
#include "rate_limits.hpp"
#include "read_buffers.hpp"
#include "tls_context.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <cstdint>
#include <memory>

namespace cofutures::http::detail {

/// What all exchanges of a client share. Everything but the counters belongs to the strand.
class exchange_context {
public:
    exchange_context(asio::any_io_executor strand, client_options options);

    /// The TLS settings, made when first needed: reading the system's certificates takes a while.
    tls_context& tls();

    /// The thread that writes files, started when first needed.
    asio::thread_pool& files();

    /// The thread that runs the generators of request bodies, started when first needed. They may
    /// wait for anything, a file that we write included.
    asio::thread_pool& generators();

    const asio::any_io_executor strand;
    const client_options options;
    const headers usual; ///< sent where a request has no field of that name
    // Written on the strand, read by anyone who asks for statistics; they publish nothing but
    // themselves.
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> opened{0};
    std::atomic<std::uint64_t> reused{0};
    std::atomic<std::uint64_t> stale{0};
    std::atomic<std::uint64_t> retries{0};
    std::atomic<std::uint64_t> tls_resumed{0};
    std::atomic<std::size_t> open{0};

    connection_pool pool;
    lookup_threads lookups;
    name_cache names; ///< asks `lookups`
    rate_limits rates;
    cool_downs cooling; ///< filled by answers with a Retry-After
    read_buffers buffers;
    std::uint64_t last_call = 0; ///< the number of the last call, for observers

private:
    std::unique_ptr<tls_context> tls_;
    std::unique_ptr<asio::thread_pool> files_;
    std::unique_ptr<asio::thread_pool> generators_;
};

} // namespace cofutures::http::detail
