// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// One call of the client from its turn to its outcome: connect, write, read, redirect, store.

#include "connection_pool.hpp"
#include "response_parser.hpp"
#include "temp_file.hpp"

#include <cofutures/http/client.hpp>

#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <exception>
#include <memory>
#include <optional>
#include <string>

namespace cofutures::http::detail {

/// What all exchanges of a client share. Everything but the counters belongs to the strand.
class exchange_context {
public:
    exchange_context(asio::any_io_executor strand, client_options options);

    /// The TLS settings, made when first needed: reading the system's certificates takes a while.
    asio::ssl::context& tls();

    /// The thread that writes files, started when first needed.
    asio::thread_pool& files();

    const asio::any_io_executor strand;
    const client_options options;
    // Written on the strand, read by anyone who asks for statistics; they publish nothing but themselves.
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> opened{0};
    std::atomic<std::uint64_t> reused{0};
    std::atomic<std::uint64_t> stale{0};
    std::atomic<std::size_t> open{0};

    connection_pool pool;

private:
    std::unique_ptr<asio::ssl::context> tls_;
    std::unique_ptr<asio::thread_pool> files_;
};

/// What is to be done, with every option settled.
struct exchange_job {
    request message;
    time_limits limits;
    std::size_t max_redirects;
    std::uint64_t max_body;
    std::filesystem::path target; ///< where the body goes; empty for memory
};

struct exchange_outcome {
    response_head head;
    std::string body;
    std::filesystem::path path;
    std::uint64_t size = 0;
};

/// Receives what becomes of an exchange: the promise side of a call.
class exchange_owner {
public:
    virtual ~exchange_owner() = default;

    /// Called when a turn was granted; false if the call was cancelled and nothing must happen.
    virtual bool start() = 0;
    virtual void succeed(exchange_outcome outcome) = 0;
    virtual void fail(std::exception_ptr error) = 0;
    virtual void cancel() = 0;

    /// Called last: after it the exchange does not touch its context any more.
    virtual void finished() = 0;
};

/// Collects a body in memory, for a file, or only counts it.
class body_collector final : public body_receiver {
public:
    enum class mode { memory, file, discard };

    explicit body_collector(const exchange_job& job, std::size_t redirects_left)
        : job_(job), redirects_left_(redirects_left)
    {
    }

    void begin(const response_head& head, std::optional<std::uint64_t> length) override;
    void append(std::string_view bytes) override;

    mode kind() const noexcept { return mode_; }
    std::uint64_t size() const noexcept { return size_; }

    std::string bytes; ///< what has arrived and was not written to a file yet

private:
    const exchange_job& job_;
    std::size_t redirects_left_;
    mode mode_ = mode::discard;
    std::uint64_t size_ = 0;
};

/// One call of the client, under way.
///
/// **Thread safety** None: after `run()` it belongs to the strand.
class exchange : public std::enable_shared_from_this<exchange> {
public:
    exchange(exchange_context& context, exchange_job job, std::unique_ptr<exchange_owner> owner);

    /// Begins; keeps itself alive until it is finished.
    void run();

    /// Ends as cancelled, at once.
    void stop() { abort({}); }

private:
    class turn;
    struct lookup;

    static asio::awaitable<void> main(std::shared_ptr<exchange> self);
    asio::awaitable<void> perform();
    asio::awaitable<void> wait_for_turn(const std::string& origin);
    asio::awaitable<bool> attempt(bool may_use_kept);
    asio::awaitable<void> converse(response_parser& parser, body_collector& body);
    asio::awaitable<void> open_connection();
    asio::awaitable<std::vector<asio::ip::tcp::endpoint>> resolve();
    std::shared_ptr<lookup> start_lookup(const std::string& host, std::uint16_t port);
    asio::awaitable<void> flush_to_file(body_collector& body);

    void arm(timeout limit, errc code);
    void schedule_timer();
    void on_timer();
    void disarm();
    void abort(std::error_code reason);
    void require_running() const;
    std::exception_ptr translated(std::exception_ptr error) const;
    void drop_connection() noexcept;

    exchange_context& context_;
    exchange_job job_;
    std::unique_ptr<exchange_owner> owner_;
    exchange_outcome outcome_;

    std::unique_ptr<connection> connection_;
    std::unique_ptr<temp_file> file_;
    strand_event event_; ///< triggered by whatever this exchange waits for apart from its socket

    bool started_ = false;
    bool finished_ = false;
    bool aborted_ = false;
    std::error_code abort_reason_; ///< empty if a person asked

    asio::steady_timer timer_;
    std::chrono::steady_clock::time_point timer_expiry_;
    std::chrono::steady_clock::time_point deadline_;
    errc deadline_code_ = errc::total_timed_out;
    std::optional<std::chrono::steady_clock::time_point> total_deadline_;
};

} // namespace cofutures::http::detail
