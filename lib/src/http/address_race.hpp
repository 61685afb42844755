// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Several addresses of one host, of which the first to answer wins ("Happy Eyeballs").

#include "strand_event.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace cofutures::http::detail {

/// Sorts so that address families take turns, beginning with that of the first address; within a
/// family the order stays.
///
/// **See** RFC 8305 section 4.
std::vector<asio::generic::stream_protocol::endpoint>
interleaved(const std::vector<asio::generic::stream_protocol::endpoint>& addresses);

/// Attempts to connect that overtake each other.
///
/// An attempt starts when the one before has failed, or has taken `attempt_delay` without an
/// answer. All others end when one succeeds.
///
/// **Thread safety** None: it belongs to the client's strand.
/// **See** RFC 8305 section 5.
class address_race : public std::enable_shared_from_this<address_race> {
public:
    using endpoint = asio::generic::stream_protocol::endpoint;
    using socket = asio::generic::stream_protocol::socket;

    static constexpr std::chrono::milliseconds attempt_delay{250};

    address_race(const asio::any_io_executor& executor, std::vector<endpoint> addresses);

    /// The connected socket.
    ///
    /// **Throws** `std::system_error` with the reason of the attempt that failed last.
    asio::awaitable<socket> run();

    /// Closes everything; `run()` then fails at once.
    void stop() noexcept;

private:
    void start_next();
    void finished(std::size_t which, const boost::system::error_code& ec);

    const asio::any_io_executor executor_;
    const std::vector<endpoint> addresses_;
    strand_event event_;
    std::vector<std::unique_ptr<socket>> attempts_; ///< null: has failed
    std::size_t running_ = 0;
    std::chrono::steady_clock::time_point next_start_{};
    std::optional<std::size_t> winner_;
    boost::system::error_code failure_;
    bool stopped_ = false;
};

} // namespace cofutures::http::detail
