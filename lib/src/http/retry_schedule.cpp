// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "retry_schedule.hpp"

#include "http_date.hpp"

#include <algorithm>
#include <charconv>
#include <random>
#include <utility>

namespace cofutures::http::detail {

namespace {

using namespace std::chrono;

// Longer waits are as good as for ever, and do not overflow when added to points in time.
constexpr seconds longest_wait = hours(24 * 365);

// One per thread: the strand of a client may move between threads, but never runs on two.
double random_fraction()
{
    thread_local std::minstd_rand engine{std::random_device{}()};
    return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
}

} // namespace

std::optional<seconds> retry_after(const response_head& head, system_clock::time_point now)
{
    const auto field = head.headers.get("Retry-After");
    if (!field || field->empty()) {
        return std::nullopt;
    }
    if (field->find_first_not_of("0123456789") == std::string_view::npos) {
        seconds::rep count = 0;
        const auto result = std::from_chars(field->data(), field->data() + field->size(), count);
        const bool huge = result.ec == std::errc::result_out_of_range;
        return huge ? longest_wait : std::min(seconds(count), longest_wait);
    }
    const auto then = parse_http_date(*field, now);
    if (!then) {
        return std::nullopt;
    }
    const auto sent = parse_http_date(head.headers.get("Date").value_or(""), now);
    const sys_seconds reference = sent.value_or(floor<seconds>(now));
    return std::clamp(*then - reference, seconds(0), longest_wait);
}

retry_schedule::retry_schedule(retry_policy policy) : policy_(std::move(policy)) {}

void retry_schedule::progress(time_point now)
{
    if (latest_ && last_piece_ && now > *last_piece_) {
        latest_ = cofutures::detail::later(*latest_, now - *last_piece_);
    }
    last_piece_ = now;
}

void retry_schedule::leave_out(time_point::duration time)
{
    if (latest_) {
        latest_ = cofutures::detail::later(*latest_, time);
    }
}

std::optional<milliseconds> retry_schedule::next(std::optional<seconds> asked,
                                                 time_point now,
                                                 std::optional<time_point> deadline)
{
    if (tries_ >= policy_.max_tries) {
        return std::nullopt;
    }
    // With the server's wish alone, a "0" would be an invitation to ask for ever, without a pause.
    const milliseconds wait = std::max(back_off(), milliseconds(asked.value_or(0s)));
    for (const std::optional<time_point>& end : {latest_, deadline}) {
        if (end && *end - now < wait) {
            return std::nullopt;
        }
    }
    ++tries_;
    last_piece_.reset();
    return wait;
}

bool retry_schedule::waits_until(time_point end, time_point now) const
{
    const std::optional<time_point> latest = latest_ ? latest_ : policy_.budget.deadline();
    return policy_.max_tries > 1 && end > now && (!latest || end <= *latest);
}

bool retry_schedule::repeats(int status) const noexcept
{
    return std::find(policy_.statuses.begin(), policy_.statuses.end(), status) !=
           policy_.statuses.end();
}

milliseconds retry_schedule::back_off() const
{
    const milliseconds most = std::clamp<milliseconds>(policy_.max_delay, 0ms, longest_wait);
    milliseconds delay = std::clamp(policy_.first_delay, 0ms, most);
    for (std::size_t i = 1; i < tries_ && delay < most; ++i) {
        delay = std::min(2 * delay, most);
        if (delay == 0ms) {
            break;
        }
    }
    const double part = std::clamp(policy_.random ? policy_.random() : random_fraction(), 0.0, 1.0);
    const auto jittered = static_cast<double>(delay.count()) * (0.5 + 0.5 * part);
    return milliseconds(static_cast<milliseconds::rep>(jittered));
}

} // namespace cofutures::http::detail
