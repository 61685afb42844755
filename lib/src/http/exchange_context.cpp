// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "exchange_context.hpp"

#include <utility>

namespace cofutures::http::detail {

exchange_context::exchange_context(asio::any_io_executor executor, client_options client)
    : strand(std::move(executor)),
      options(std::move(client)),
      pool(options.max_connections_per_host, options.keep_alive)
{}

asio::ssl::context& exchange_context::tls()
{
    if (!tls_) {
        tls_ = make_tls_context(options.tls.ca_file,
                                options.tls.verification == tls_options::verification::required);
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

} // namespace cofutures::http::detail
