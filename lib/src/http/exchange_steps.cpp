// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "../standard_descriptors.hpp"
#include "exchange.hpp"
#include "tunnel.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <utility>

// The steps of an exchange that wait: for addresses, for the connection, for too long.

namespace cofutures::http::detail {

using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::steady_clock;

asio::awaitable<void> exchange::open_connection()
{
    cofutures::detail::occupy_standard_descriptors(); // look-ups open some, too
    const bool secure = job_.message.url.scheme() == "https";
    // First, so that a certificate file that cannot be used is the error, whatever else is wrong.
    tls_context* const tls = secure ? &context_.tls() : nullptr;
    const url& server = job_.message.url;
    const proxy* const way = context_.options.proxies.choose(server);
    auto began = steady_clock::now();
    const std::string& host = way != nullptr ? way->host() : server.host();
    const std::uint16_t port = way != nullptr ? way->port() : server.port();
    std::vector<connection::endpoint> addresses = co_await find_endpoints(host, port);
    require_running();
    observe(event::kind::resolved, began);
    began = steady_clock::now();
    context_.pool.make_room();
    connection_ = std::make_unique<connection>(context_.strand, context_.open);
    arm(job_.limits.connect, errc::connect_timed_out);
    try {
        co_await connection_->connect(std::move(addresses));
    } catch (const std::system_error&) {
        context_.names.forget(host); // perhaps it has moved
        throw;
    }
    require_running();
    if (way != nullptr && (secure || way->kind() == proxy::protocol::socks5)) {
        co_await open_tunnel(*connection_, *way, server.host(), server.port(), context_.usual);
        require_running();
    }
    context_.opened.fetch_add(1, std::memory_order_relaxed);
    observe(event::kind::connected, began);
    began = steady_clock::now();
    if (tls != nullptr) {
        arm(job_.limits.tls_handshake, errc::tls_handshake_timed_out);
        const bool resumed = co_await connection_->handshake(
            *tls, job_.message.url.host(), job_.message.url.origin());
        require_running();
        context_.tls_resumed.fetch_add(resumed ? 1 : 0, std::memory_order_relaxed);
        observe(event::kind::secured, began);
    }
}

asio::awaitable<std::vector<connection::endpoint>> exchange::find_endpoints(std::string host,
                                                                            std::uint16_t port)
{
    std::vector<connection::endpoint> found;
    if (const auto& path = context_.options.unix_socket; !path.empty()) {
        found.emplace_back(asio::local::stream_protocol::endpoint(path.string()));
        co_return found;
    }
    arm(job_.limits.resolve, errc::resolve_timed_out);
    const std::vector<tcp::endpoint> addresses = co_await resolve(std::move(host), port);
    found.assign(addresses.begin(), addresses.end());
    co_return found;
}

asio::awaitable<std::vector<tcp::endpoint>> exchange::resolve(std::string host, std::uint16_t port)
{
    const auto known = context_.options.addresses.find(host);
    const std::vector<std::string> written =
        known == context_.options.addresses.end() ? std::vector{host} : known->second;
    std::vector<tcp::endpoint> endpoints;
    for (const std::string& each : written) {
        error_code ec;
        if (const asio::ip::address address = asio::ip::make_address(each, ec); !ec) {
            endpoints.emplace_back(address, port);
        }
    }
    if (!endpoints.empty()) {
        co_return endpoints;
    }
    if (known != context_.options.addresses.end()) {
        throw std::system_error(make_error_code(errc::host_not_found));
    }

    const std::shared_ptr<name_lookup> search = context_.names.find(host, steady_clock::now());
    if (!search->done) {
        search->waiting.push_back(std::shared_ptr<strand_event>(shared_from_this(), &event_));
    }
    while (!search->done && !aborted_) {
        co_await event_.wait();
    }
    if (aborted_) {
        context_.names.give_up(search, event_);
        require_running();
    }
    if (search->ec == asio::error::host_not_found) {
        throw std::system_error(make_error_code(errc::host_not_found));
    }
    if (search->ec) {
        throw std::system_error(search->ec, "looking up the host");
    }
    for (const asio::ip::address& each : search->addresses) {
        endpoints.emplace_back(each, port);
    }
    co_return endpoints;
}

asio::awaitable<void> exchange::wait_for_rate(const std::string& origin)
{
    // Looked at once: everybody who has waited gets a piece, whoever else came meanwhile.
    const auto ready = context_.rates.ready(origin);
    if (steady_clock::now() >= ready) {
        co_return;
    }
    arm({}, errc::total_timed_out);
    while (!aborted_ && steady_clock::now() < ready) {
        co_await event_.wait_until(ready);
    }
    require_running();
}

void exchange::arm(timeout limit, errc code)
{
    constexpr auto never = steady_clock::time_point::max();
    deadline_ = limit.deadline().value_or(never);
    deadline_code_ = code;
    if (total_deadline_ && *total_deadline_ < deadline_) {
        deadline_ = *total_deadline_;
        deadline_code_ = errc::total_timed_out;
    }
    step_deadline_ = deadline_;
    step_code_ = deadline_code_;
    // A timer that runs out earlier looks again then: moving it at every read would cost more.
    if (deadline_ < timer_expiry_) {
        schedule_timer();
    }
}

// After arm(): another limit, which counts where it is the nearer one.
void exchange::arm_until(steady_clock::time_point end, errc code)
{
    if (end < deadline_) {
        deadline_ = end;
        deadline_code_ = code;
    }
    if (deadline_ < timer_expiry_) {
        schedule_timer();
    }
}

void exchange::disarm()
{
    deadline_ = steady_clock::time_point::max();
}

void exchange::schedule_timer()
{
    timer_expiry_ = deadline_;
    timer_.expires_at(deadline_);
    timer_.async_wait([self = weak_from_this()](const error_code& ec) {
        if (const auto alive = self.lock(); alive && !ec) {
            alive->on_timer();
        }
    });
}

void exchange::on_timer()
{
    timer_expiry_ = steady_clock::time_point::max();
    postpone_idle_deadline();
    if (deadline_ != steady_clock::time_point::max() && deadline_code_ == errc::too_slow &&
        speed_->deadline() > deadline_) { // others have brought some of the body meanwhile
        deadline_ = step_deadline_;
        deadline_code_ = step_code_;
        arm_until(speed_->deadline(), errc::too_slow);
    }
    if (steady_clock::now() >= deadline_) {
        abort(make_error_code(deadline_code_));
    } else if (deadline_ != steady_clock::time_point::max()) {
        schedule_timer();
    }
}

void exchange::abort(std::error_code reason)
{
    // A person's wish comes after a time limit, too: there might be another try.
    if (finished_ || (aborted_ && (reason || !abort_reason_))) {
        return;
    }
    aborted_ = true;
    abort_reason_ = reason;
    if (!reason || reason == errc::total_timed_out || reason == errc::too_slow) {
        stop_helpers(); // any other limit is one of our own stream
    }
    if (connection_) {
        connection_->close();
    }
    event_.trigger();
}

// What an operation returns after abort() may still be a success; it must not be built upon.
void exchange::require_running() const
{
    if (aborted_) {
        throw std::system_error(std::make_error_code(std::errc::operation_canceled));
    }
}

} // namespace cofutures::http::detail
