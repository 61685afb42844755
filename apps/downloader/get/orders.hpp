// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What is to be fetched, one after another, from the command line and from a list.

#include <cofutures/http/file_options.hpp>

#include "get/checksum_list.hpp"
#include "get/get_options.hpp"
#include "get/input_file.hpp"
#include "get/input_list.hpp"
#include "get/target_name.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

namespace cofutures {
class executor;
}

namespace downloader {

/// One file to fetch, or why it cannot be.
struct order {
    std::string place; ///< "urls.txt:7"; empty for a URL of the command line
    std::string url;   ///< without a name and password, which make it one that is refused
    std::filesystem::path path;
    std::optional<cofutures::http::checksum> checksum;
    std::string problem;          ///< not empty: what is wrong with the line
    bool server_may_name = false; ///< another file of the same folder
};

/// The orders of a command line, in order, read from the list when they are wanted.
///
/// Takes constant memory. A name that was used before is a problem of the later order.
class order_source {
public:
    /// Blocks of the list are read on `reading`.
    ///
    /// **Blocks** until the checksums are read; a stop request ends that.
    /// **Throws** `usage_error` if the list cannot be opened, or the checksums cannot be read.
    order_source(const get_options& options, cofutures::executor& reading, std::stop_token stop);

    /// The next order; nothing at the end, and soon after `stop()`.
    ///
    /// One call at a time; none after the end. A list that cannot be read any further ends with an order that says so.
    boost::asio::awaitable<std::optional<order>> next();

    /// Ends a wait for input. May be called from any thread.
    void stop() noexcept;

    /// How many orders there are in all, as far as known; nothing for a pipe.
    std::optional<double> expected_total() const;

    /// Whether `expected_total()` is no estimate: the list was read to its end, or there is none.
    bool total_is_exact() const { return ended_ || !file_; }

private:
    boost::asio::awaitable<std::optional<numbered_line>> next_line();
    std::optional<order> from_line(const numbered_line& line);
    order made_from(const list_entry& entry, std::uint64_t user);
    std::string place_of(std::uint64_t user) const;
    std::optional<cofutures::http::checksum> checksum_for(const list_entry& entry,
                                                          const std::string& name) const;

    const get_options& options_;
    cofutures::executor& reading_;
    checksum_list checksums_;
    std::optional<input_file> file_;
    line_splitter lines_;
    recent_names names_;
    std::size_t next_url_ = 0;
    std::uint64_t listed_ = 0; ///< orders from the list
    bool read_all_ = false;    ///< there are no blocks after those that lines_ has
    bool ended_ = false;
};

} // namespace downloader
