// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "exchange.hpp"
#include "exchange_turn.hpp"
#include "run_on.hpp"
#include "token.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

// How several exchanges fetch one file. The leader, which belongs to the call, asks for the whole as
// ever; helpers ask for parts from the end. Each has a turn of its own, hence limits hold. The
// leader waits for the helpers, so that nothing outlives the call.

namespace cofutures::http::detail {

using std::chrono::steady_clock;

namespace {

// A part can be had again elsewhere: sooner than a whole answer is given up.
constexpr std::chrono::seconds longest_silence{10};

constexpr std::uint64_t little = 1024 * 1024;

exchange_job helping(exchange_job job)
{
    const auto idle = job.limits.idle.deadline();
    if (!idle || *idle - steady_clock::now() > longest_silence) {
        job.limits.idle = longest_silence;
    }
    job.limits.total = {}; // the leader's counts
    job.limits.min_speed = 0;
    job.max_redirects = 0;
    job.retries = {};
    job.newer_than.reset();
    job.on_event = {};
    return job;
}

bool is_lost_connection(const std::exception_ptr& failure)
{
    try {
        std::rethrow_exception(failure);
    } catch (const file_error&) {
        return false;
    } catch (const std::system_error& error) {
        return is_retryable(error.code());
    } catch (...) {
        return false;
    }
}

} // namespace

exchange::exchange(std::shared_ptr<segment_group> group)
    : context_(group->leader.context_),
      job_(helping(group->leader.job_)),
      event_(context_.strand),
      segments_(std::move(group)),
      stream_(++segments_->last_stream),
      retries_(job_.retries),
      timer_(context_.strand),
      timer_expiry_(steady_clock::time_point::max()),
      deadline_(steady_clock::time_point::max())
{}

bool exchange::is_helper() const noexcept
{
    return segments_ && &segments_->leader != this;
}

// Before a try: an earlier one, or an earlier call, may have left gaps.
void exchange::open_segments()
{
    if (segments_ || !file_ || file_->offset() == 0 || !file_->has_gaps() ||
        job_.message.headers.contains("Range")) {
        return;
    }
    const std::vector<byte_range> missing = file_->record().missing;
    make_group(missing);
    segments_->described = true;
}

void exchange::make_group(const std::vector<byte_range>& missing)
{
    partial_record record = file_->record();
    record.missing.clear();
    segments_ = std::make_shared<segment_group>(*this, *file_, std::move(record), missing);
    stream_ = ++segments_->last_stream;
    piece_ = segments_->plan.take_first(stream_);
}

// After each piece of a body: splits the file if that is possible, and adds helpers.
void exchange::consider_segments(const response_head& head,
                                 const body_collector& body,
                                 steady_clock::time_point sent)
{
    if (is_helper() || body.kind() != body_collector::mode::file) {
        return;
    }
    if (!segments_ && can_split(head, body)) {
        const std::uint64_t here = body.facts().offset + body.size();
        make_group({{here, *body.length()}});
        segments_->begun = true;
        counted_ = body.size();
        adopt_answer(head, body.facts().offset, sent);
    }
    if (segments_) {
        add_helpers();
    }
}

// The answer that is the download's, whatever becomes of its stream.
void exchange::adopt_answer(const response_head& head,
                            std::uint64_t there,
                            steady_clock::time_point sent)
{
    segments_->answered = true;
    segments_->origin = job_.message.url.origin(); // after redirects
    segments_->proven = head.status == 206;
    segments_->closed = job_.file.segments < 2;
    segments_->sent = sent;
    segments_->pace = split_pace(job_.file.segments, job_.file.split_after, sent);
    const std::size_t redirects = outcome_.head.redirects;
    outcome_.head = head;
    outcome_.head.redirects = redirects;
    outcome_.resumed_at = there;
}

bool exchange::can_split(const response_head& head, const body_collector& body) const
{
    // Two least segments make it worth while. What is to come must come without any memory of ours:
    // all that has arrived is in the file.
    if (job_.file.segments < 2 || body.decodes() || !body.length() || !body.bytes.empty() ||
        body.size() == 0 || body.facts().validator.empty() || body.facts().unproven) {
        return false;
    }
    const std::uint64_t here = body.facts().offset + body.size();
    if (*body.length() <= here || (*body.length() - here) / 2 < job_.file.min_segment) {
        return false;
    }
    const auto unit = head.headers.get("Accept-Ranges");
    const auto& fields = job_.message.headers;
    return (head.status == 206 || (head.status == 200 && unit && list_contains(*unit, "bytes"))) &&
           !head.headers.contains("Content-Encoding") && !fields.contains("Range") &&
           !fields.contains("If-Range") && job_.message.method == "GET";
}

void exchange::add_helpers()
{
    segment_group& group = *segments_;
    if (group.closed || aborted_) {
        return;
    }
    const std::size_t allowed =
        group.pace.allowed(group.plan.unfetched(), 1 + group.helpers.size(), steady_clock::now());
    // Not in the queue: whoever waits there wants another file, or another piece of this one.
    while (1 + group.helpers.size() < allowed && group.plan.has_piece(job_.file.min_segment) &&
           context_.pool.take_spare_turn(group.origin)) {
        const std::shared_ptr<exchange> helper(new exchange(segments_));
        helper->take_segment(job_.file.min_segment);
        group.helpers.push_back(helper.get());
        asio::co_spawn(context_.strand, help(helper), asio::detached);
    }
}

bool exchange::take_segment(std::uint64_t least)
{
    segments_->plan.release(stream_);
    piece_ = segments_->plan.take(stream_, least);
    return piece_.has_value();
}

// More for a stream that is done. Its connection is there already: it takes even little of what
// another one has to do, or a slow one would hold up the end.
bool exchange::take_another_segment()
{
    return take_segment(std::min(job_.file.min_segment, little));
}

asio::awaitable<void> exchange::help(std::shared_ptr<exchange> self)
{
    segment_group& group = *self->segments_;
    try {
        co_await self->fetch_segments();
    } catch (...) {
        // What it was to fetch is for the others; if nobody can, the leader says why.
        ++group.failures;
        group.closed = group.closed || group.failures >= segment_group::most_failures;
    }
    self->finished_ = true;
    self->timer_.cancel();
    group.plan.release(self->stream_);
    std::erase(group.helpers, self.get());
    if (group.leader_waits) {
        group.leader.event_.trigger();
    } else {
        group.leader.add_helpers(); // for what this one may have left
    }
}

// With a turn that was taken for it, and a first piece.
asio::awaitable<void> exchange::fetch_segments()
{
    segment_group& group = *segments_;
    const turn held(*this, group.origin);
    if (!group.described) {
        const std::vector<byte_range> missing = group.plan.missing();
        bool good = false;
        auto describe = [&group, &missing, &good] { good = group.file.keep_gaps(missing); };
        co_await run_on(context_.files(), std::move(describe));
        group.described = group.described || good;
        group.closed = group.closed || !good;
    }
    bool may_use_kept = true;
    while (group.described) {
        require_running();
        const attempt_end end = co_await attempt(may_use_kept);
        may_use_kept = end != attempt_end::connection_was_stale;
        if (end == attempt_end::part_was_stale || end == attempt_end::refused) {
            // It has no ranges after all, or another version, or is busy: one stream is enough.
            group.closed = true;
            co_return;
        }
        if (end == attempt_end::answered &&
            (group.closed || context_.pool.is_wanted(group.origin) || !take_another_segment())) {
            co_return;
        }
    }
}

// Counts what has arrived; true once the rest of the answer is of no use.
bool exchange::count_segment(const response_head& head,
                             body_collector& body,
                             steady_clock::time_point sent)
{
    if (!segments_ || body.kind() != body_collector::mode::file) {
        return false;
    }
    segment_group& group = *segments_;
    if (!group.answered) {
        adopt_answer(head, group.record.length - group.plan.unfetched(), sent);
    }
    const auto size = static_cast<std::size_t>(body.size() - std::exchange(counted_, body.size()));
    const std::size_t own = group.plan.arrive(stream_, size);
    body.drop(size - own);
    group.pace.add(own);
    group.leader.observe_segments();
    if (is_helper()) {
        group.proven = group.proven || own > 0;
        group.leader.speed_->add(own, steady_clock::now());
        group.leader.retries_.progress(steady_clock::now());
        group.leader.add_helpers();
        if (context_.pool.is_wanted(group.origin)) {
            return true;
        }
    }
    return group.plan.is_fetched(stream_);
}

asio::awaitable<void> exchange::flush_segment(body_collector& body)
{
    segment_group& group = *segments_;
    const std::size_t size = body.bytes.size();
    if (size == 0 && body.file_begun) {
        co_return;
    }
    const std::uint64_t position = size == 0 ? 0 : group.plan.position(stream_);
    std::vector<byte_range> missing; // as of now: of what is being written nothing is certain
    group.unsaved += size;
    if (group.described && group.unsaved >= group.save_step) {
        missing = group.plan.missing();
        group.unsaved = 0;
    }
    auto work = [this, &group, &body, &missing, position] {
        if (!body.file_begun) {
            body.file_is_kept = !group.file.begin(body.facts());
            body.file_begun = true;
        }
        if (body.file_is_kept) {
            std::error_code ignored;
            target_size_ = std::filesystem::file_size(group.file.destination(), ignored);
        } else {
            group.file.write_at(position, body.bytes);
        }
        body.bytes.clear();
        if (!missing.empty()) {
            group.file.keep_gaps(std::move(missing));
        }
    };
    co_await run_on(context_.files(), std::move(work));
    if (body.file_is_kept) {
        co_return;
    }
    group.begun = true;
    if (size > 0) {
        group.plan.written(stream_, size);
    }
}

// After an answer to the leader: finds more for it to do, or waits for the others.
asio::awaitable<bool> exchange::next_segment()
{
    if (!segments_) {
        co_return false;
    }
    segment_group& group = *segments_;
    while (!group.plan.complete()) {
        if (take_another_segment()) {
            co_return true;
        }
        arm({}, errc::total_timed_out);
        arm_until(speed_->deadline(), errc::too_slow);
        group.leader_waits = true;
        co_await event_.wait();
        group.leader_waits = false;
        require_running();
    }
    disarm();
    outcome_.size = group.record.length;
    file_complete_ = true;
    co_return false;
}

// Whether a failure of the leader's own stream need not be one of the download.
bool exchange::can_lose_stream(const std::exception_ptr& failure) const
{
    if (!segments_ || !segments_->answered || !segments_->proven ||
        segments_->failures >= segment_group::most_failures) {
        return false;
    }
    if (aborted_) {
        return abort_reason_ && abort_reason_ != errc::total_timed_out &&
               abort_reason_ != errc::too_slow;
    }
    return is_lost_connection(failure);
}

void exchange::lose_stream()
{
    disarm();
    drop_connection();
    aborted_ = false;
    abort_reason_ = {};
    ++segments_->failures;
    segments_->plan.release(stream_);
}

void exchange::stop_helpers()
{
    if (segments_ && !is_helper()) {
        segments_->closed = true;
        for (exchange* const each : segments_->helpers) {
            each->stop();
        }
    }
}

// After each try: ends the helpers, and notes what is missing for the next one.
asio::awaitable<void> exchange::end_segments()
{
    if (!segments_) {
        co_return;
    }
    disarm();
    stop_helpers();
    segment_group& group = *segments_;
    group.leader_waits = true;
    while (!group.helpers.empty()) {
        co_await event_.wait();
    }
    group.plan.release(stream_);
    if (group.described && !group.plan.complete()) {
        const std::vector<byte_range> missing = group.plan.missing();
        auto describe = [&group, &missing] {
            try {
                group.file.keep_gaps(missing);
            } catch (const file_error&) {
                // What was noted before is true as well, and there is a failure already.
            }
        };
        co_await run_on(context_.files(), std::move(describe));
    }
    segments_.reset();
    piece_.reset();
}

} // namespace cofutures::http::detail
