// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "pool_core.hpp"

#include <cofutures/codec.hpp>

#include "../fork_guard.hpp"
#include "process_use.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <csignal>
#include <system_error>

namespace cofutures::detail {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

// How much work a worker should have at hand, so that it need not wait for the pool between tasks.
constexpr double work_ahead = 200e3; // nanoseconds
constexpr std::size_t largest_window = 256;
static_assert(largest_window < slot_count);

// A worker that has not begun a task after this long is taken to be stopped; others get its tasks.
constexpr auto slow_to_begin = 5ms;
constexpr auto tick_interval = 1ms;

} // namespace

payload process_pool_core::make_payload(std::size_t size)
{
    if (size > largest_inline) {
        try {
            return {slabs_->take(size), size};
        } catch (const std::system_error& error) {
            // Without a free descriptor it goes through the worker's socket, which takes longer. Not where
            // the worker might lack the memory to receive it.
            if (!is_shortage(error.code().value()) || options.memory_limit) {
                throw;
            }
        }
    }
    return {std::make_unique_for_overwrite<std::byte[]>(size), size};
}

void process_pool_core::accept(process_task& task)
{
    task.pool = shared_from_this();
    if (task.limits.soft == 0ns) {
        task.limits.soft = options.soft_time_limit;
    }
    if (task.limits.hard == 0ns) {
        task.limits.hard = options.hard_time_limit;
    }
    task.accepted = clock::now();
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        if (life_ != life::open) {
            task.call.clear();
            throw_refusal();
        }
        inbox_.emplace_back(task);
        link(task);
        wake = !std::exchange(woken_, true);
    }
    if (wake) {
        post_work();
    }
}

void process_pool_core::post_work()
{
    // Not an owner: nobody runs it if the pool ends at this moment, and then it would never go away.
    asio::post(context_, [pool = weak_from_this()] {
        if (const auto self = pool.lock()) {
            self->work();
        }
    });
}

void process_pool_core::link(process_task& task)
{
    task.next = unfinished_;
    if (unfinished_ != nullptr) {
        unfinished_->previous = &task;
    }
    unfinished_ = &task;
    ++unfinished_count_;
}

bool process_pool_core::unlink(process_task& task)
{
    if (task.previous == nullptr && unfinished_ != &task) {
        return false;
    }
    (task.previous != nullptr ? task.previous->next : unfinished_) = task.next;
    if (task.next != nullptr) {
        task.next->previous = task.previous;
    }
    task.next = nullptr;
    task.previous = nullptr;
    --unfinished_count_;
    return true;
}

void process_pool_core::on_cancelled(process_task& task) noexcept
{
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        if (unlink(task)) {
            ++counts_.cancelled;
        }
        ++finishing_; // until its callbacks have run
        wake = unfinished_count_ == 0 && life_ == life::closing;
        changed_.notify_all();
    }
    if (wake) {
        post_work();
    }
}

void process_pool_core::on_cancellation_told() noexcept
{
    const std::lock_guard lock(mutex_);
    --finishing_;
    changed_.notify_all();
}

void process_pool_core::on_stop_requested(std::uint64_t sequence,
                                          std::shared_ptr<const status_page> page) noexcept
{
    if (!options.kill_after_stop) {
        return;
    }
    const auto kill_at = later(clock::now(), *options.kill_after_stop);
    // It owns the page: another one at the same address would be that of another worker.
    asio::post(context_, [pool = weak_from_this(), sequence, page = std::move(page), kill_at] {
        const auto self = pool.lock();
        if (!self) {
            return;
        }
        for (auto& [number, link] : self->workers_) {
            for (auto& entry : link->entries) {
                if (link->page == page && entry.sequence == sequence && entry.task) {
                    entry.kill_at = kill_at;
                    self->limits_in_use_ = true;
                }
            }
        }
        self->check_limits();
    });
}

void process_pool_core::work()
{
    take_inbox();
    dispatch();
    settle_if_ending();
}

void process_pool_core::take_inbox()
{
    std::vector<task_ref> arrived;
    {
        const std::lock_guard lock(mutex_);
        woken_ = false;
        arrived.swap(inbox_);
    }
    for (task_ref& task : arrived) {
        limits_in_use_ = limits_in_use_ || task->limits.hard != 0ns || task->limits.soft != 0ns;
        queue_.push_back(std::move(task));
    }
}

bool process_pool_core::is_held_up(worker_link& link, clock::time_point now) const noexcept
{
    if (link.entries.empty()) {
        return false;
    }
    if (const auto started = link.head_started()) {
        return now - *started > tick_interval / 2;
    }
    return !link.head_is_running() && now - link.entries.front().sent > slow_to_begin;
}

bool process_pool_core::is_idle(const worker_link& link) const noexcept
{
    return link.entries.empty() && link.ready && !link.closing && !link.lost && !link.kill_reason;
}

std::size_t process_pool_core::room_of(worker_link& link, clock::time_point now) const noexcept
{
    if (!link.ready || link.closing || link.lost || link.kill_reason || is_held_up(link, now)) {
        return 0;
    }
    std::size_t window = 1;
    if (average_run_ > 0) {
        window = static_cast<std::size_t>(
            std::clamp(work_ahead / average_run_, 1.0, double(largest_window)));
    }
    if (options.max_tasks_per_child) {
        const auto under_way = std::count_if(link.entries.begin(),
                                             link.entries.end(),
                                             [](const auto& entry) { return bool(entry.task); });
        const std::uint64_t spoken_for = link.executed + static_cast<std::uint64_t>(under_way);
        // First cut to a window's size: the sum would overflow where the limit is the greatest number.
        const std::uint64_t rest =
            std::min<std::uint64_t>(*options.max_tasks_per_child - spoken_for, largest_window);
        window = std::min(window, link.entries.size() + static_cast<std::size_t>(rest));
    }
    return window > link.entries.size() ? window - link.entries.size() : 0;
}

void process_pool_core::dispatch()
{
    // Idle workers come first; what is left is spread in portions, so that no worker has all of it.
    const auto now = clock::now();
    bool any = true;
    while (!queue_.empty() && any) {
        any = false;
        std::size_t with_room = 0;
        for (const auto& [number, link] : workers_) {
            with_room += room_of(*link, now) != 0 ? 1U : 0U;
        }
        for (const bool turn_of_the_idle : {true, false}) {
            for (auto& [number, link] : workers_) {
                if (queue_.empty() || with_room == 0) {
                    break;
                }
                if (link->entries.empty() != turn_of_the_idle) {
                    continue;
                }
                std::size_t portion =
                    std::min(room_of(*link, now), (queue_.size() + with_room - 1) / with_room);
                while (portion != 0 && !queue_.empty()) {
                    task_ref task = std::move(queue_.front());
                    queue_.pop_front();
                    if (link->send(task)) {
                        --portion;
                        any = true;
                    }
                }
            }
        }
    }
    for (auto& [number, link] : workers_) {
        worker_link::flush(link);
    }
    if (limits_in_use_) {
        check_limits();
    }
    arm_tick();
}

void process_pool_core::finish(task_ref task, phase outcome)
{
    {
        const std::lock_guard lock(mutex_);
        unlink(*task);
        ++finishing_;
        ++(outcome == phase::succeeded ? counts_.finished
           : outcome == phase::failed  ? counts_.failed
                                       : counts_.cancelled);
    }
    task->state().finish(outcome);
    task = task_ref();
    const std::lock_guard lock(mutex_);
    --finishing_;
    if (unfinished_count_ == 0) {
        changed_.notify_all();
    }
}

void process_pool_core::fail(task_ref task, const std::exception_ptr& failure)
{
    task->unassign();
    if (task->state().claim()) {
        const phase outcome = task->store_failure(failure);
        task->call.clear();
        finish(std::move(task), outcome);
    }
}

void process_pool_core::on_frame(worker_link& link,
                                 const frame_header& header,
                                 std::span<const std::byte> body)
{
    if (link.pid == 0) {
        collect_notices(); // its own is there: the worker sent it before this frame
    }
    switch (header.kind) {
    case frame_kind::ready:
        link.ready = true;
        break;
    case frame_kind::init_failed: {
        if (link.ready) {
            distrust(link, "the worker said that its initializer failed after it had succeeded");
            return;
        }
        std::exception_ptr cause;
        try {
            decoder archive(body);
            cause = read_exception(archive);
        } catch (...) {
            cause = std::current_exception();
        }
        link.closing = true;
        break_pool("a worker's initializer failed", cause);
        return;
    }
    case frame_kind::value:
    case frame_kind::failure:
    case frame_kind::revoked:
        on_reply(link, header, body);
        break;
    default:
        distrust(link, "the worker sent a frame of no known kind");
        return;
    }
}

void process_pool_core::distrust(worker_link& link, const char* what)
{
    link.kill_reason.emplace(0, std::make_exception_ptr(codec_error(what)));
    kill(link, SIGKILL);
}

void process_pool_core::on_reply(worker_link& link,
                                 const frame_header& header,
                                 std::span<const std::byte> body)
{
    // Replies come in the order of the calls.
    while (!link.entries.empty() && link.entries.front().sequence < header.sequence &&
           !link.entries.front().task) {
        link.entries.pop_front();
    }
    if (link.entries.empty() || link.entries.front().sequence != header.sequence) {
        distrust(link, "the worker answered a call it was not given");
        return;
    }
    if (const auto& task = link.entries.front().task; task) {
        if (header.kind == frame_kind::revoked && !task->revoked()) {
            distrust(link, "the worker refused a call that was not cancelled");
            return;
        }
    } else if (header.kind != frame_kind::revoked) {
        distrust(link, "the worker answered a call that was given to another one");
        return;
    }
    task_ref task = std::move(link.entries.front().task);
    link.forget(link.entries.front().call);
    link.entries.pop_front();
    link.unchecked = !link.entries.empty();
    if (header.kind == frame_kind::revoked) {
        return; // cancelled, or given to another worker
    }
    ++link.executed;
    recent_deaths_
        .clear(); // a program that gets work done may go on, however many workers that takes
    // No longer than it has been known, whatever a damaged worker says.
    const std::chrono::nanoseconds known = clock::now() - task->accepted;
    const auto run = std::chrono::nanoseconds(
        std::min(header.run_time, static_cast<std::uint64_t>(known.count())));
    const double run_time = static_cast<double>(run.count());
    average_run_ = average_run_ == 0 ? run_time : average_run_ + (run_time - average_run_) / 8;
    average_run_ = std::max(average_run_, 1.0);
    {
        const std::lock_guard lock(mutex_);
        counts_.run_time += run;
        counts_.queue_time += known - run;
    }

    task->unassign();
    if (task->state().claim()) {
        phase outcome = phase::failed;
        std::optional<slab_place> place;
        try {
            if ((header.flags & flag_in_slab) != 0) {
                place = decode<slab_place>(body);
                body = link.bytes_of_slab(*place);
            }
            decoder archive(body);
            outcome = header.kind == frame_kind::value
                          ? task->store_reply(archive)
                          : task->store_failure(read_exception(archive));
        } catch (...) {
            outcome = task->store_failure(std::current_exception());
        }
        if (place) {
            link.give_back(*place);
        }
        task->call.clear();
        finish(std::move(task), outcome);
    }

    const bool used_up =
        options.max_tasks_per_child && link.executed >= *options.max_tasks_per_child;
    if ((used_up || (header.flags & flag_oversized) != 0) && !link.closing) {
        retire(link);
    }
}

void process_pool_core::arm_tick()
{
    if (tick_armed_) {
        return;
    }
    const auto any = [this](auto condition) {
        return std::any_of(workers_.begin(), workers_.end(), [&](const auto& each) {
            return condition(*each.second);
        });
    };
    const bool needed =
        any([](const worker_link& link) { return link.unchecked; }) ||
        (any([this](const worker_link& link) { return is_idle(link); }) &&
         any([](const worker_link& link) { return link.has_tasks_behind_the_head(); }));
    if (needed) {
        tick_armed_ = true;
        tick_.expires_after(tick_interval);
        tick_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
            self->tick_armed_ = false;
            if (!error) {
                self->tick();
            }
        });
    }
}

void process_pool_core::tick()
{
    const auto now = clock::now();
    for (auto& [number, shared] : workers_) {
        const std::shared_ptr<worker_link> link = shared; // replies run callbacks
        if (link->unchecked && !link->lost) {
            link->unchecked = false;
            link->peek();
            // A worker that has not even begun is looked at again.
            link->unchecked =
                link->unchecked || (link->head() != nullptr && !link->head_is_running());
        }
    }
    rebalance(now);
    work();
}

void process_pool_core::rebalance(clock::time_point now)
{
    const bool others_idle =
        std::any_of(workers_.begin(), workers_.end(), [this](const auto& each) {
            return is_idle(*each.second);
        });
    if (!others_idle || !queue_.empty()) {
        return;
    }
    for (auto& [number, link] : workers_) {
        if (!link->lost && is_held_up(*link, now)) {
            for (task_ref& task : link->take_back(largest_window)) {
                queue_.push_back(std::move(task));
            }
        }
    }
}

void process_pool_core::check_limits()
{
    auto next = clock::time_point::max();
    const auto now = clock::now();
    for (auto& [number, link] : workers_) {
        auto* const head = link->head();
        if (head == nullptr || link->kill_reason || link->lost) {
            continue;
        }
        process_task& task = *head->task;
        const auto started = link->head_started();
        if (head->kill_at) {
            if (*head->kill_at <= now) {
                kill_task(*link, std::make_exception_ptr(cancelled_error()));
                continue;
            }
            next = std::min(next, *head->kill_at);
        }
        const auto hard = task.limits.hard;
        const auto soft = task.soft_limit_told ? 0ns : task.limits.soft;
        if (!started) {
            // Not begun: it has its whole time before it.
            for (const auto limit : {hard, soft}) {
                const auto wait = std::clamp<std::chrono::nanoseconds>(limit, tick_interval, 1h);
                next = limit == 0ns ? next : std::min(next, now + wait);
            }
            continue;
        }
        const auto soft_end = soft == 0ns ? clock::time_point::max() : later(*started, soft);
        const auto hard_end = hard == 0ns ? clock::time_point::max() : later(*started, hard);
        if (soft_end <= now) {
            task.soft_limit_told = true;
            link->page->request_stop(head->sequence);
        } else {
            next = std::min(next, soft_end);
        }
        if (hard_end <= now) {
            kill_task(*link, std::make_exception_ptr(task_timed_out(hard, link->pid)));
        } else {
            next = std::min(next, hard_end);
        }
    }
    if (next != clock::time_point::max()) {
        limit_timer_.expires_at(next);
        limit_timer_.async_wait(
            [self = shared_from_this()](const boost::system::error_code& error) {
                if (!error) {
                    self->check_limits();
                    self->work();
                }
            });
    }
}

std::vector<task_ref> process_pool_core::all_unfinished()
{
    std::vector<task_ref> tasks;
    const std::lock_guard lock(mutex_);
    tasks.reserve(unfinished_count_);
    for (process_task* task = unfinished_; task != nullptr; task = task->next) {
        tasks.emplace_back(*task);
    }
    std::reverse(tasks.begin(), tasks.end()); // oldest first
    return tasks;
}

void process_pool_core::break_pool(const std::string& what, const std::exception_ptr& cause)
{
    {
        const std::lock_guard lock(mutex_);
        if (life_ == life::broken || life_ == life::ended) {
            return;
        }
        life_ = life::broken;
        broken_by_ = cause;
        broken_text_ = what;
    }
    queue_.clear();
    for (task_ref& task : all_unfinished()) {
        fail(std::move(task), broken_error());
    }
    for (auto& [number, link] : workers_) {
        link->kill_reason.emplace(0, nullptr);
        kill(*link, SIGKILL);
    }
    asio::post(context_, [self = shared_from_this()] { self->work(); });
}

std::exception_ptr process_pool_core::broken_error() const
{
    return exception_with_cause(broken_process_pool("the process pool is broken: " + broken_text_),
                                broken_by_);
}

void process_pool_core::throw_refusal() const
{
    if (broken_text_.empty()) {
        throw executor_shut_down();
    }
    std::rethrow_exception(broken_error());
}

void process_pool_core::close(bool cancel_pending)
{
    {
        const std::lock_guard lock(mutex_);
        if (life_ == life::ended) {
            return; // nobody would run the handler below, which owns the pool that owns it
        }
        if (life_ == life::open) {
            life_ = life::closing;
        }
    }
    if (cancel_pending) {
        for (task_ref& task : all_unfinished()) {
            task->state().cancel();
        }
    }
    post_work();
}

bool process_pool_core::wait_idle(std::optional<clock::time_point> deadline)
{
    shared_state::run_delayed_callbacks(); // whoever waits here must not wait for one of them
    const std::size_t here = process_task::telling_here(*this);
    std::unique_lock lock(mutex_);
    const auto idle = [&] { return unfinished_count_ == 0 && finishing_ <= here; };
    if (!deadline) {
        changed_.wait(lock, idle);
        return true;
    }
    return changed_.wait_until(lock, *deadline, idle);
}

bool process_pool_core::wait_ended(std::optional<clock::time_point> deadline)
{
    shared_state::run_delayed_callbacks();
    std::unique_lock lock(mutex_);
    const auto ended = [this] { return life_ == life::ended; };
    if (!deadline) {
        changed_.wait(lock, ended);
        return true;
    }
    return changed_.wait_until(lock, *deadline, ended);
}

process_pool_stats process_pool_core::stats() const
{
    process_pool_stats result;
    std::map<std::uint32_t, worker_facts> workers;
    std::size_t unfinished = 0;
    {
        const std::lock_guard lock(mutex_);
        result = counts_;
        workers = facts_;
        unfinished = unfinished_count_;
    }
    // Without the lock: files have to be read, and the pool goes on meanwhile.
    for (const auto& [number, facts] : workers) {
        result.running += (*facts.page)->running.load(std::memory_order_relaxed) != 0 ? 1U : 0U;
        if (facts.pid == 0) {
            continue; // is being started; kill(0, …) would hit whoever asked
        }
        process::worker_stats worker;
        worker.pid = facts.pid;
        worker.tasks_done = (*facts.page)->tasks_done.load(std::memory_order_relaxed);
        read_process_use(facts.pid, worker);
        result.per_worker.push_back(worker);
    }
    result.workers = workers.size();
    result.running = std::min(result.running, unfinished);
    result.queued = unfinished - result.running;
    return result;
}

bool process_pool_core::is_inherited() const noexcept
{
    return fork_generation() != generation_;
}

void process_pool_core::require_own_process() const
{
    if (is_inherited()) {
        throw wrong_process(
            process::in_worker()
                ? "cofutures: a process pool cannot be used in a worker process; make one of its "
                  "own "
                  "there, or return what is to be done"
                : "cofutures: a process pool cannot be used in a forked copy of the program");
    }
}

} // namespace cofutures::detail
