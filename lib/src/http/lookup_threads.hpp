// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Look-ups of names by functions that block, the system's getaddrinfo() above all.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/system/error_code.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace cofutures::http::detail {

namespace asio = boost::asio;

/// What a look-up has found.
struct host_addresses {
    boost::system::error_code ec;
    std::vector<asio::ip::address> addresses = {};
};

/// Asks the system's resolver.
///
/// **Blocks** For as long as that wants: a name server that does not answer holds it up for the
///   `timeout` times the `attempts` of resolv.conf, for each server there.
host_addresses addresses_of(const std::string& host);

/// A thread for each look-up, for as long as that takes.
///
/// Compared with a question to a name server, starting a thread costs nothing, and no idle thread is
/// ever there. How many there are is the business of whoever asks.
///
/// **Thread safety** None: it belongs to the client's strand.
/// **Lifetime** No look-up may be under way when it ends. Until the answer is there, the executor
///   does not run out of work.
class lookup_threads {
public:
    using function = std::function<host_addresses(const std::string& host)>;
    using callback =
        std::function<void(const boost::system::error_code&, std::vector<asio::ip::address>)>;

    explicit lookup_threads(asio::any_io_executor strand, function look_up = addresses_of);

    /// Looks a name up; `answer` is called on the strand, later.
    void ask(const std::string& host, callback answer);

private:
    void answered(std::uint64_t number, const callback& answer, host_addresses found);

    const asio::any_io_executor strand_;
    const function look_up_;
    std::uint64_t last_ = 0;
    std::map<std::uint64_t, std::thread> threads_;
};

} // namespace cofutures::http::detail
