// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// One call of the client from its turn to its outcome: connect, write, read, redirect, store.

#include "body_collector.hpp"
#include "body_source.hpp"
#include "download_file.hpp"
#include "exchange_context.hpp"
#include "retry_schedule.hpp"
#include "segment_group.hpp"
#include "speed_watch.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cofutures::http::detail {

/// What comes out of a call that succeeds; the body is either in memory or in a file.
struct exchange_outcome {
    response_head head;
    std::string body;
    std::filesystem::path path;
    std::uint64_t size = 0;
    std::uint64_t resumed_at = 0;
    bool kept = false;
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

    /// A helper of one that fetches a large file.
    explicit exchange(std::shared_ptr<segment_group> group);

    /// How long reading a body that nobody wants may take.
    static constexpr std::chrono::seconds longest_discard{1};

    enum class attempt_end { answered, refused, connection_was_stale, part_was_stale };

    /// A request that is being written while its answer is read already.
    struct sending {
        explicit sending(const asio::any_io_executor& strand) : go_on(strand), end(strand) {}

        bool waits_for_source = false;
        bool awaits_permission = false; ///< `Expect: 100-continue`
        bool unwanted = false; ///< the answer is there, or says that the rest is for nothing
        bool whole = false;    ///< everything is written
        bool broken = false;   ///< nothing more can be written
        bool ended = false;    ///< nobody writes any more
        strand_event go_on;    ///< a change of `awaits_permission` or `unwanted`
        strand_event end;      ///< `ended`
        std::optional<std::chrono::steady_clock::time_point> idle_deadline; ///< since the last byte
    };

    // From a call to its outcome: exchange.cpp.
    static asio::awaitable<void> main(std::shared_ptr<exchange> self);
    asio::awaitable<void> perform();
    asio::awaitable<void> perform_once();
    asio::awaitable<void> wait_for_turn(const std::string& origin);
    asio::awaitable<void> wait_for_cool_down(const std::string& origin);
    bool has_to_cool_down(const std::string& origin) const;
    asio::awaitable<void> answer();
    asio::awaitable<attempt_end> attempt(bool may_use_kept);
    asio::awaitable<bool> converse(response_parser& parser, body_collector& body);
    asio::awaitable<void> receive(response_parser& parser, body_collector& body);
    asio::awaitable<void> read_answer(response_parser& parser, body_collector& body);
    asio::awaitable<void> read_unwanted(response_parser& parser,
                                        const body_collector& body,
                                        const read_buffers::block& buffer);
    bool can_keep(const response_parser& parser) const;
    std::exception_ptr translated(std::exception_ptr error) const;
    void drop_connection() noexcept;

    // Between two tries: exchange_retry.cpp.
    std::optional<std::chrono::milliseconds> next_try(const std::exception_ptr& failure);
    bool is_worth_repeating(const std::exception_ptr& failure) const;
    bool is_repeatable(int status) const;
    bool will_repeat(const response_head& head);
    asio::awaitable<void> pause(std::chrono::milliseconds wait);
    void start_over();

    // The way to the server, and what waits no longer than it may: exchange_steps.cpp.
    asio::awaitable<void> open_connection();
    asio::awaitable<std::vector<connection::endpoint>> find_endpoints(std::string host,
                                                                      std::uint16_t port);
    asio::awaitable<std::vector<asio::ip::tcp::endpoint>> resolve(std::string host,
                                                                  std::uint16_t port);
    asio::awaitable<void> wait_for_rate(const std::string& origin);
    void arm(timeout limit, errc code);
    void arm_until(std::chrono::steady_clock::time_point end, errc code);
    void disarm();
    void schedule_timer();
    void on_timer();
    void abort(std::error_code reason);
    void require_running() const;

    // The body of the request: exchange_sending.cpp.
    asio::awaitable<void> open_body();
    bool fits_into_one_write() const;
    static asio::awaitable<void> send(std::shared_ptr<exchange> self, std::string head);
    asio::awaitable<void> send_all(std::string_view head);
    asio::awaitable<void> send_piece(std::string_view bytes);
    asio::awaitable<std::string_view> next_piece();
    asio::awaitable<void> wait_for_permission();
    asio::awaitable<void> end_sending();
    std::exception_ptr described(std::exception_ptr failure) const;
    void heed(response_parser& parser);
    void postpone_idle_deadline();

    // The file of a download: exchange_file.cpp.
    asio::awaitable<void> prepare_file();
    asio::awaitable<void> look_at_target();
    std::optional<rest_wanted> rest_to_ask_for() const;
    headers conditions(const std::optional<rest_wanted>& rest) const;
    asio::awaitable<void> take_in(body_collector& body, bool last);
    asio::awaitable<void> flush_to_file(body_collector& body);
    asio::awaitable<void> commit_file();
    asio::awaitable<void> discard_file();

    // The same file over several connections: exchange_segments.cpp.
    bool is_helper() const noexcept;
    void open_segments();
    void make_group(const std::vector<byte_range>& missing);
    void consider_segments(const response_head& head,
                           const body_collector& body,
                           std::chrono::steady_clock::time_point sent);
    void adopt_answer(const response_head& head,
                      std::uint64_t there,
                      std::chrono::steady_clock::time_point sent);
    bool can_split(const response_head& head, const body_collector& body) const;
    void add_helpers();
    bool take_segment(std::uint64_t least);
    bool take_another_segment();
    static asio::awaitable<void> help(std::shared_ptr<exchange> self);
    asio::awaitable<void> fetch_segments();
    bool count_segment(const response_head& head,
                       body_collector& body,
                       std::chrono::steady_clock::time_point sent);
    asio::awaitable<void> flush_segment(body_collector& body);
    asio::awaitable<bool> next_segment();
    bool can_lose_stream(const std::exception_ptr& failure) const;
    void lose_stream();
    void stop_helpers();
    asio::awaitable<void> end_segments();

    // What observers hear: exchange_events.cpp.
    void observe(event::kind what, std::chrono::steady_clock::time_point since);
    void observe_progress(const body_collector& body, std::chrono::steady_clock::time_point since);
    void observe_segments();
    void observe_retry(std::chrono::milliseconds wait, const std::exception_ptr& failure);
    void observe_end(const std::exception_ptr& failure);
    void observe(event what) const;

    exchange_context& context_;
    exchange_job job_;
    std::unique_ptr<exchange_owner> owner_;
    exchange_outcome outcome_;
    std::uint64_t number_ = 0; ///< of the call
    const std::chrono::steady_clock::time_point asked_ = std::chrono::steady_clock::now();

    std::unique_ptr<connection> connection_;
    std::unique_ptr<body_source> source_; ///< of the request's body, while it is sent
    std::optional<sending> sending_;
    std::exception_ptr body_error_; ///< why there is no more of it; goes to the caller as it is
    std::chrono::steady_clock::time_point sent_at_{};
    std::unique_ptr<download_file> file_;
    bool file_complete_ = false;    ///< as far as this try can tell
    std::uint64_t target_size_ = 0; ///< of the file that was there before
    strand_event event_; ///< triggered by whatever this exchange waits for apart from its socket

    std::shared_ptr<segment_group> segments_; ///< null: nobody else fetches this body
    segment_plan::stream stream_ = 0;         ///< who this exchange is there
    std::optional<byte_range> piece_;         ///< what it asks for next
    std::uint64_t counted_ = 0;               ///< bytes of the answer under way
    std::optional<speed_watch> speed_;        ///< of the body, whoever fetches it

    retry_schedule retries_;
    /// When there is another try, whatever else becomes of this one: its header has said so.
    std::optional<std::chrono::steady_clock::time_point> repeat_at_;
    std::optional<request> first_message_; ///< what was asked for, once a redirect has changed it
    bool sent_ = false;                    ///< whether any of this try went out to a server
    bool started_ = false;
    bool finished_ = false;
    bool aborted_ = false;
    std::error_code abort_reason_; ///< empty if a person asked, which nothing overrules

    asio::steady_timer timer_;
    std::chrono::steady_clock::time_point timer_expiry_;
    std::chrono::steady_clock::time_point deadline_;
    std::chrono::steady_clock::time_point step_deadline_; ///< without regard to the speed
    errc step_code_ = errc::total_timed_out;
    errc deadline_code_ = errc::total_timed_out;
    std::optional<std::chrono::steady_clock::time_point> total_deadline_;
};

} // namespace cofutures::http::detail
