// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "connection_pool.hpp"

#include <cofutures/timeout.hpp>

#include <algorithm>
#include <utility>

namespace cofutures::http::detail {

using std::chrono::steady_clock;

connection_pool::connection_pool(const asio::any_io_executor& strand, pool_limits limits)
    : limits_(limits), expiry_(std::make_shared<asio::steady_timer>(strand))
{}

bool connection_pool::take_turn(const std::string& origin, waiter& who)
{
    who.ticket = ++last_ticket_;
    hosts_[origin].waiting.emplace(who.ticket, &who);
    update_queue(origin);
    grant_next();
    return who.granted;
}

bool connection_pool::take_spare_turn(const std::string& origin)
{
    // Whoever is ready lacks nothing but a turn of the total.
    host_state& host = hosts_[origin];
    if (turns_ >= limits_.total || !ready_.empty() || !host.waiting.empty() ||
        host.turns >= limits_.per_host) {
        forget_idle(origin);
        return false;
    }
    ++host.turns;
    ++turns_;
    return true;
}

bool connection_pool::is_wanted(const std::string& origin) const
{
    const auto host = hosts_.find(origin);
    return !ready_.empty() || (host != hosts_.end() && !host->second.waiting.empty());
}

void connection_pool::forget(const std::string& origin, waiter& who)
{
    if (who.granted) {
        end_turn(origin);
        return;
    }
    host_state& host = hosts_[origin];
    ready_.erase(who.ticket);
    host.waiting.erase(who.ticket);
    update_queue(origin);
    forget_idle(origin);
}

void connection_pool::end_turn(const std::string& origin)
{
    --hosts_[origin].turns;
    --turns_;
    update_queue(origin);
    grant_next();
    forget_idle(origin);
}

// Lists the origin among those whose first waiter lacks nothing but a turn of the total.
void connection_pool::update_queue(const std::string& origin)
{
    const host_state& host = hosts_[origin];
    if (!host.waiting.empty() && host.turns < limits_.per_host) {
        ready_.emplace(host.waiting.begin()->first, origin);
    }
}

void connection_pool::grant_next()
{
    while (!ready_.empty() && turns_ < limits_.total) {
        const auto first = ready_.begin();
        const std::string origin = std::move(first->second);
        ready_.erase(first);
        host_state& host = hosts_[origin];
        waiter* const next = host.waiting.begin()->second;
        host.waiting.erase(host.waiting.begin());
        ++host.turns;
        ++turns_;
        update_queue(origin);
        next->granted = true;
        next->event.trigger();
    }
}

std::unique_ptr<connection> connection_pool::take_kept(const std::string& origin)
{
    host_state& host = hosts_[origin];
    const auto oldest = steady_clock::now() - limits_.keep_alive;
    while (!host.kept.empty()) {
        const kept_list::iterator place = host.kept.back();
        std::unique_ptr<connection> candidate = std::move(place->unused);
        host.kept.pop_back();
        kept_.erase(place);
        if (candidate->unused_since > oldest && candidate->looks_alive()) {
            return candidate;
        }
    }
    return nullptr;
}

void connection_pool::make_room()
{
    // Written so that no sum can overflow where the limit is the greatest number there is.
    while (!kept_.empty() && kept_.size() > limits_.total - std::min(turns_, limits_.total)) {
        close_oldest();
    }
}

void connection_pool::keep(const std::string& origin, std::unique_ptr<connection> unused)
{
    unused->unused_since = steady_clock::now();
    kept_.push_back({origin, std::move(unused)});
    hosts_[origin].kept.push_back(std::prev(kept_.end()));
    schedule_expiry();
}

void connection_pool::close_oldest()
{
    const std::string origin = std::move(kept_.front().origin);
    host_state& host = hosts_[origin];
    host.kept.erase(host.kept.begin()); // the oldest of all is the oldest of its origin
    kept_.pop_front();
    forget_idle(origin);
}

// A client that meets a million hosts must not remember them all.
void connection_pool::forget_idle(const std::string& origin)
{
    const auto host = hosts_.find(origin);
    if (host != hosts_.end() && host->second.turns == 0 && host->second.waiting.empty() &&
        host->second.kept.empty()) {
        hosts_.erase(host);
    }
}

void connection_pool::schedule_expiry()
{
    if (expiry_scheduled_ || kept_.empty()) {
        return;
    }
    expiry_scheduled_ = true;
    expiry_->expires_at(
        cofutures::detail::later(kept_.front().unused->unused_since, limits_.keep_alive));
    // The handler may be in the queue already when the pool goes; the timer going says so.
    expiry_->async_wait([this, alive = std::weak_ptr(expiry_)](boost::system::error_code ec) {
        if (!ec && !alive.expired()) {
            expire();
        }
    });
}

void connection_pool::expire()
{
    expiry_scheduled_ = false;
    const auto oldest = steady_clock::now() - limits_.keep_alive;
    while (!kept_.empty() && kept_.front().unused->unused_since <= oldest) {
        close_oldest();
    }
    schedule_expiry();
}

} // namespace cofutures::http::detail
