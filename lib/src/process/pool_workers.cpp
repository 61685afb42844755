// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/worker_count.hpp>

#include "../fork_guard.hpp"
#include "pool_core.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

namespace cofutures::detail {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

// An idle worker ends at once when its socket is closed; one that does not is stopped, and is killed.
constexpr auto closing_grace = 1s;

// How long the pool's end waits for somebody to read captured standard error, after the last that was.
constexpr auto errors_grace = 1s;

/// While it lives, this thread and those that it starts receive no signals: handlers of the program run
/// in the program's threads.
class signals_blocked {
public:
    signals_blocked() noexcept
    {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &former_);
    }
    signals_blocked(const signals_blocked&) = delete;
    signals_blocked& operator=(const signals_blocked&) = delete;
    ~signals_blocked() { ::pthread_sigmask(SIG_SETMASK, &former_, nullptr); }

private:
    sigset_t former_{};
};

} // namespace

process_pool_core::process_pool_core(process_pool_options given)
    : options(std::move(given)), generation_(fork_generation()), retries_(options.restart_period)
{
    if (options.capture_stderr) {
        errors_ = std::make_shared<stderr_relay>(STDERR_FILENO, [this] {
            asio::post(context_, [pool = weak_from_this()] {
                if (const auto self = pool.lock()) {
                    for (auto& [number, link] : self->workers_) {
                        worker_link::resume_stderr(link);
                    }
                    self->work();
                }
            });
        });
    }
}

process_pool_core::~process_pool_core()
{
    if (errors_) {
        errors_->close(); // its thread must not find a pool that is gone
    }
}

void process_pool_core::start()
{
    server_connection_ = server_for(options.start_method);
    unique_fd connection = server_connection_->connect();
    if (!connection) {
        throw std::system_error(
            EPIPE, std::system_category(), "cofutures: the fork server does not answer");
    }
    server_.assign(connection.get());
    static_cast<void>(connection.release());
    read_notices();
    try {
        for (std::size_t i = 0; i != options.max_workers.value_or(1); ++i) {
            start_worker();
        }
        const signals_blocked blocked;
        thread_ = std::thread([self = shared_from_this()] { self->context_.run(); });
    } catch (...) {
        // Pending operations own the pool: end them. The server ends the workers.
        server_.close();
        for (auto& [number, link] : workers_) {
            link->close();
        }
        notices_.clear();
        workers_closed_ = true;
        context_.poll();
        throw;
    }
}

void process_pool_core::start_worker()
{
    fd_pair link = make_socket_pair(SOCK_STREAM);
    fd_pair errors = options.capture_stderr ? make_pipe() : fd_pair();
    auto page = status_page::make();
    order request{.kind = order_kind::spawn, .worker = last_worker_ + 1};
    request.has_stderr = options.capture_stderr ? 1 : 0;
    request.memory_limit = options.memory_limit.value_or(0);
    const std::string name = "process_" + std::to_string(request.worker - 1);
    std::strncpy(request.name, name.c_str(), sizeof request.name - 1);
    const whereabouts here = whereabouts::of_this_thread();
    request.report = here.report;
    auto worker = std::make_shared<worker_link>(
        context_,
        request.worker,
        std::move(link.ours),
        std::move(errors.ours),
        errors_,
        page,
        [this](worker_link& from, const frame_header& header, std::span<const std::byte> body) {
            on_frame(from, header, body);
        },
        [this] { work(); },
        [this](worker_link& from) {
            // Closed or talking nonsense; if it still lives it is of no use. Its end will be reported.
            kill(from, SIGKILL);
        });
    // Last of all that may lack something: what failed before has left no process behind.
    const int passed[] = {
        link.theirs.get(), page->fd(), here.directory.get(), here.root.get(), errors.theirs.get()};
    send_order(request, std::span(passed).first(options.capture_stderr ? 5 : 4));
    page->close_fd();
    last_worker_ = request.worker;
    workers_.emplace(request.worker, worker);
    {
        const std::lock_guard lock(mutex_);
        facts_.emplace(request.worker, worker_facts{page, 0});
        counts_.restarts += is_replacement(request.worker) ? 1U : 0U;
    }
    if (options.initializer) {
        worker->ready = false;
        worker->send_frame(frame_kind::initializer, options.initializer->bytes());
        worker_link::flush(worker);
    }
    worker_link::start(worker);
}

void process_pool_core::send_order(const order& request, std::span<const int> fds)
{
    int tries = 0;
    while (server_.is_open() &&
           send_with_fds(server_.native_handle(), &request, sizeof request, fds, MSG_DONTWAIT) <
               0) {
        const bool full = errno == EAGAIN || errno == EWOULDBLOCK;
        if (!full && !is_shortage(errno)) {
            return; // the server is gone, which is noticed elsewhere
        }
        if (!full && request.kind == order_kind::spawn && ++tries == 100) {
            throw std::system_error(
                errno, std::system_category(), "cofutures: asking for a worker");
        }
        // The server may be unable to read because it waits for us to do so. What lacks kernel memory, or
        // finds too many descriptors on their way, is tried again: without its kill, a worker would
        // outlive its limit.
        const auto events = static_cast<short>(full ? POLLIN | POLLOUT : POLLIN);
        pollfd polled{server_.native_handle(), events, 0};
        ::poll(&polled, 1, full ? -1 : 1);
        if ((polled.revents & POLLIN) != 0 && !collect_notices()) {
            return;
        }
    }
}

bool process_pool_core::collect_notices()
{
    for (;;) {
        notice news;
        std::vector<unique_fd> none;
        const ssize_t size =
            receive_with_fds(server_.native_handle(), &news, sizeof news, none, MSG_DONTWAIT);
        if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return true;
        }
        if (size <= 0) {
            return false;
        }
        if (news.kind == notice_kind::spawned) {
            on_spawned(news);
            continue;
        }
        notices_.push_back(news);
        if (notices_.size() == 1) {
            asio::post(context_, [self = shared_from_this()] { self->heed_notices(); });
        }
    }
}

void process_pool_core::heed_notices()
{
    while (!notices_.empty()) {
        const notice news = notices_.front();
        notices_.pop_front();
        on_exited(news);
    }
    work();
}

void process_pool_core::read_notices()
{
    server_.async_wait(asio::posix::stream_descriptor::wait_read,
                       [self = shared_from_this()](const boost::system::error_code& error) {
                           if (error) {
                               return;
                           }
                           const bool alive = self->collect_notices();
                           self->heed_notices();
                           if (!alive) {
                               self->on_server_lost();
                           } else if (self->server_.is_open()) {
                               self->read_notices();
                           }
                       });
}

void process_pool_core::on_spawned(const notice& news)
{
    if (const auto found = workers_.find(news.worker); found != workers_.end()) {
        found->second->pid = news.pid;
        retries_.succeeded();
        const std::lock_guard lock(mutex_);
        facts_[news.worker].pid = news.pid;
    }
}

void process_pool_core::on_exited(const notice& news)
{
    const auto found = workers_.find(news.worker);
    if (found == workers_.end()) {
        return;
    }
    const std::shared_ptr<worker_link> link = found->second;
    if (news.kind == notice_kind::spawn_failed || news.kind == notice_kind::refused) {
        link->closing = true;
        workers_.erase(found);
        {
            const std::lock_guard lock(mutex_);
            facts_.erase(news.worker);
            counts_.restarts -= is_replacement(news.worker) ? 1U : 0U;
        }
        for (task_ref& task : link->take_back(slot_count)) {
            queue_.push_front(std::move(task));
        }
        link->close();
        if (news.kind == notice_kind::refused) {
            // No want that passes: those that are asked for now would be refused as well.
            break_pool("no worker process can be started",
                       std::make_exception_ptr(refusal(news.refused)));
            return;
        }
        ++missing_;
        could_not_start(std::make_exception_ptr(
            std::system_error(news.status, std::system_category(), "fork")));
        return;
    }
    link->drain();
    link->drain_stderr();
    workers_.erase(news.worker);
    {
        const std::lock_guard lock(mutex_);
        facts_.erase(news.worker);
    }
    bury(*link, news.status);
}

void process_pool_core::bury(worker_link& link, int status)
{
    worker_crashed::details how{.pid = link.pid, .stderr_tail = link.stderr_tail};
    if (WIFSIGNALED(status)) {
        how.signal = WTERMSIG(status);
    } else {
        how.exit_status = WEXITSTATUS(status);
    }
    const auto crash = [&how] { return std::make_exception_ptr(worker_crashed(how)); };

    std::deque<task_ref> not_begun;
    std::vector<std::pair<task_ref, std::exception_ptr>> failures;
    bool failed_a_task = false;
    for (auto& entry : link.entries) {
        if (!entry.task || entry.task->revoked()) {
            continue;
        }
        if (link.page->is(entry.sequence, slot_state::queued)) {
            entry.task->unassign();
            not_begun.push_back(std::move(entry.task));
            continue;
        }
        failed_a_task = true;
        const bool ours = link.kill_reason && link.kill_reason->second != nullptr;
        if (!ours && options.on_crash == process::on_crash::replace_worker &&
            entry.task->attempts < options.crash_retries) {
            ++entry.task->attempts;
            entry.task->unassign();
            not_begun.push_front(std::move(entry.task));
            continue;
        }
        if (!ours && options.on_crash == process::on_crash::break_pool) {
            continue; // breaking the pool fails it below, with all others
        }
        failures.emplace_back(std::move(entry.task), ours ? link.kill_reason->second : crash());
    }
    const auto tell_failures = [&] {
        for (auto& [task, reason] : std::exchange(failures, {})) {
            fail(std::move(task), reason);
        }
    };
    link.close();
    for (auto at = not_begun.rbegin(); at != not_begun.rend(); ++at) {
        queue_.push_front(std::move(*at));
    }

    const bool expected = link.closing || link.kill_reason;
    if (!expected && !link.ready) {
        tell_failures();
        break_pool("a worker died in its initializer", crash());
    } else if (!expected && options.on_crash == process::on_crash::break_pool) {
        tell_failures();
        break_pool(failed_a_task ? "a worker died while it ran a task" : "an idle worker died",
                   crash());
    } else if (!expected) {
        const auto now = clock::now();
        recent_deaths_.push_back(now);
        while (now - recent_deaths_.front() > options.restart_period) {
            recent_deaths_.pop_front();
        }
        // Not as a sum, which would overflow where the limit is the greatest number there is.
        const std::size_t free = options.max_workers.value_or(1);
        if (recent_deaths_.size() > free && recent_deaths_.size() - free > options.max_restarts) {
            tell_failures();
            break_pool("workers died " + std::to_string(recent_deaths_.size()) +
                           " times while no task finished",
                       crash());
        }
    }
    // Before the failures show: whoever sees one finds the pool at its full size again.
    replace_dead_worker(failures.size());
    tell_failures();
}

bool process_pool_core::wants_workers(std::size_t about_to_fail) const
{
    const std::lock_guard lock(mutex_);
    return life_ == life::open || (life_ == life::closing && unfinished_count_ > about_to_fail);
}

void process_pool_core::replace_dead_worker(std::size_t about_to_fail)
{
    if (wants_workers(about_to_fail)) {
        ++missing_;
        start_missing();
    }
}

void process_pool_core::start_missing()
{
    while (missing_ != 0) {
        if (!wants_workers(0)) {
            missing_ = 0;
            return;
        }
        try {
            start_worker();
            --missing_;
        } catch (...) {
            could_not_start(std::current_exception());
            return;
        }
    }
}

void process_pool_core::could_not_start(const std::exception_ptr& cause)
{
    if (!wants_workers(0)) {
        missing_ = 0;
        return;
    }
    // Those that are only asked for may fail as well.
    const bool workers_left = std::any_of(
        workers_.begin(), workers_.end(), [](const auto& each) { return each.second->pid != 0; });
    const auto now = clock::now();
    retries_.failed(now, workers_left);
    if (retries_.is_hopeless(now)) {
        missing_ = 0;
        break_pool("no worker process can be started", cause);
        return;
    }
    start_timer_.expires_at(retries_.next());
    start_timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
        if (!error) {
            self->start_missing();
            self->work();
        }
    });
}

void process_pool_core::on_server_lost()
{
    // All workers go with their server; nobody will report how they ended.
    boost::system::error_code ignored;
    server_.close(ignored);
    const auto lost = std::move(workers_);
    workers_.clear();
    {
        const std::lock_guard lock(mutex_);
        facts_.clear();
    }
    for (const auto& [number, link] : lost) {
        link->drain();
    }
    break_pool("the fork server died", std::make_exception_ptr(error("the fork server died")));
    for (const auto& [number, link] : lost) {
        link->close();
    }
    work();
}

void process_pool_core::kill(worker_link& link, int signal)
{
    send_order({.kind = order_kind::kill, .worker = link.number, .signal = signal});
}

void process_pool_core::kill_task(worker_link& link, std::exception_ptr outcome)
{
    // First take back what it has not begun: otherwise, if the task ends by itself just now, the next one
    // would be killed in its place.
    for (task_ref& task : link.take_back(slot_count)) {
        queue_.push_front(std::move(task));
    }
    link.kill_reason.emplace(link.head() == nullptr ? 0 : link.head()->sequence,
                             std::move(outcome));
    kill(link, SIGKILL);
}

void process_pool_core::retire(worker_link& link)
{
    for (task_ref& task : link.take_back(slot_count)) {
        queue_.push_front(std::move(task));
    }
    if (const auto found = workers_.find(link.number); found != workers_.end()) {
        worker_link::flush(found->second);
    }
    link.close_input();
}

void process_pool_core::settle_if_ending()
{
    {
        const std::lock_guard lock(mutex_);
        const bool done =
            life_ == life::broken || (life_ == life::closing && unfinished_count_ == 0);
        if (!done) {
            return;
        }
    }
    if (!std::exchange(workers_closed_, true)) {
        close_workers();
    }
    if (!workers_.empty() || !alive_.owns_work()) {
        return;
    }
    start_timer_.cancel();
    if (errors_ && !errors_are_written()) {
        return;
    }
    queue_.clear();
    tick_.cancel();
    limit_timer_.cancel();
    grace_timer_.cancel();
    errors_timer_.cancel();
    boost::system::error_code ignored;
    server_.close(ignored);
    server_connection_.reset();
    alive_.reset();
    const std::lock_guard lock(mutex_);
    life_ = life::ended;
    changed_.notify_all();
}

bool process_pool_core::errors_are_written()
{
    if (errors_->is_idle() || errors_given_up_) {
        errors_->close();
        return true;
    }
    if (!errors_watched_) {
        errors_watched_ = true;
        watch_errors();
    }
    return false;
}

void process_pool_core::watch_errors()
{
    // As long as somebody reads; the relay itself says when all is written.
    errors_timer_.expires_after(errors_grace);
    errors_timer_.async_wait([self = shared_from_this(),
                              before = errors_->written()](const boost::system::error_code& error) {
        if (error) {
            return;
        }
        if (self->errors_->written() != before) {
            self->watch_errors();
        } else {
            self->errors_given_up_ = true;
            self->work();
        }
    });
}

void process_pool_core::close_workers()
{
    for (auto& [number, link] : workers_) {
        link->close_input();
    }
    grace_timer_.expires_after(closing_grace);
    grace_timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
        if (!error) {
            for (auto& [number, link] : self->workers_) {
                self->kill(*link, SIGKILL);
            }
        }
    });
}

void process_pool_core::end_workers(int signal)
{
    close(true);
    {
        const std::lock_guard lock(mutex_);
        if (life_ == life::ended) {
            return;
        }
    }
    asio::post(context_, [pool = weak_from_this(), signal] {
        const auto self = pool.lock();
        if (!self) {
            return;
        }
        {
            const std::lock_guard lock(self->mutex_);
            if (self->life_ == life::broken || self->life_ == life::ended) {
                return;
            }
            self->life_ = life::broken;
            self->broken_text_ =
                signal == SIGKILL ? "its workers were killed" : "its workers were terminated";
        }
        for (task_ref& task : self->all_unfinished()) {
            self->fail(std::move(task), self->broken_error());
        }
        self->queue_.clear();
        for (auto& [number, link] : self->workers_) {
            link->kill_reason.emplace(0, nullptr);
            self->kill(*link, signal);
        }
        self->work();
    });
}

void process_pool_core::join()
{
    const std::lock_guard lock(join_mutex_);
    if (thread_.joinable()) {
        thread_.join();
        // Handlers posted at the last moment own the pool; now they find that it has ended.
        context_.restart();
        context_.poll();
    }
}

void process_pool_core::leave_thread() noexcept
{
    if (thread_.joinable()) {
        thread_.detach();
    }
}

} // namespace cofutures::detail
