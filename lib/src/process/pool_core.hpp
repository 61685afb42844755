// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The process pool itself. Internal.
///
/// One thread runs an io_context and owns all workers and the order of tasks. Other threads put tasks
/// into the inbox, wait for counters, and settle cancellations in the status pages; see process_task.

#include <cofutures/process_pool_executor.hpp>

#include "server.hpp"
#include "slab.hpp"
#include "start_retries.hpp"
#include "stderr_relay.hpp"
#include "worker_link.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace cofutures::detail {

class process_pool_core : public std::enable_shared_from_this<process_pool_core> {
public:
    using clock = std::chrono::steady_clock;

    explicit process_pool_core(process_pool_options options);
    ~process_pool_core();

    /// Connects to the fork server and starts the workers and the thread.
    void start();

    // From any thread.
    payload make_payload(std::size_t size);
    void accept(process_task& task);
    void close(bool cancel_pending);
    bool wait_idle(std::optional<clock::time_point> deadline);
    bool wait_ended(std::optional<clock::time_point> deadline);
    void join();
    void leave_thread() noexcept; // where it cannot be joined: by itself
    void end_workers(int signal);
    process_pool_stats stats() const;
    void require_own_process() const;
    bool on_own_thread() const noexcept { return std::this_thread::get_id() == thread_.get_id(); }

    // From tasks, in the thread that cancels or asks to stop.
    /// Whether this is a forked child's copy, whose locks may be held for ever, and which shares memory with
    /// the workers of the original.
    bool is_inherited() const noexcept;

    void on_cancelled(process_task& task) noexcept;
    void on_cancellation_told() noexcept;
    void on_stop_requested(std::uint64_t sequence,
                           std::shared_ptr<const status_page> page) noexcept;

    const process_pool_options options;

private:
    enum class life { open, closing, broken, ended };

    struct worker_facts {
        std::shared_ptr<status_page> page;
        pid_t pid = 0; // known before the first frame of the worker is heeded
    };

    // The pool's thread. Definitions: pool_core.cpp.
    void work();
    void post_work(); // from any thread
    void take_inbox();
    void dispatch();
    bool is_idle(const worker_link& link) const noexcept;
    bool is_held_up(worker_link& link,
                    clock::time_point now) const noexcept; // by a long task, or stopped
    std::size_t room_of(worker_link& link, clock::time_point now) const noexcept;
    void rebalance(clock::time_point now);
    void finish(task_ref task, phase outcome);
    void fail(task_ref task, const std::exception_ptr& failure);
    void on_frame(worker_link& link, const frame_header& header, std::span<const std::byte> body);
    void on_reply(worker_link& link, const frame_header& header, std::span<const std::byte> body);
    void distrust(worker_link& link, const char* what);
    void settle_if_ending();
    void break_pool(const std::string& what, const std::exception_ptr& cause);
    void arm_tick();
    void tick();
    void check_limits();

    // Workers coming and going. Definitions: pool_workers.cpp.
    void start_worker();
    void read_notices();
    bool collect_notices(); // false when the server is gone
    void heed_notices();
    void on_spawned(const notice& news);
    void on_exited(const notice& news);
    void on_server_lost();
    void bury(worker_link& link, int status);
    bool wants_workers(std::size_t about_to_fail) const;
    void replace_dead_worker(std::size_t about_to_fail);
    bool is_replacement(std::uint32_t worker) const noexcept
    {
        return worker > options.max_workers.value_or(1);
    }
    void start_missing();
    void could_not_start(const std::exception_ptr& cause);
    bool errors_are_written();
    void watch_errors();
    void kill(worker_link& link, int signal);
    void kill_task(worker_link& link, std::exception_ptr outcome);
    void retire(worker_link& link);
    void send_order(const order& request, std::span<const int> fds = {});
    void close_workers();

    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> alive_{
        context_.get_executor()};
    boost::asio::posix::stream_descriptor server_{context_};
    boost::asio::steady_timer tick_{context_};
    boost::asio::steady_timer limit_timer_{context_};
    boost::asio::steady_timer grace_timer_{context_};
    boost::asio::steady_timer start_timer_{context_};
    boost::asio::steady_timer errors_timer_{context_};
    std::shared_ptr<stderr_relay> errors_; // where workers' standard error is captured
    std::shared_ptr<server_connection> server_connection_;
    std::shared_ptr<slab_pool> slabs_ = std::make_shared<slab_pool>();
    std::thread thread_;
    std::mutex join_mutex_;
    const unsigned generation_; // of the process that made the pool

    // Of the pool's thread only.
    std::deque<task_ref> queue_;
    std::map<std::uint32_t, std::shared_ptr<worker_link>> workers_;
    std::uint32_t last_worker_ = 0;
    std::size_t missing_ = 0; // workers that could not be started yet
    start_retries retries_;
    bool errors_watched_ = false;  // the pool is about to end
    bool errors_given_up_ = false; // nobody reads them
    std::deque<notice> notices_;   // ends of workers, to be heeded
    std::deque<clock::time_point> recent_deaths_;
    double average_run_ = 0; // nanoseconds, of recent tasks; 0: not known
    bool tick_armed_ = false;
    bool limits_in_use_ = false;
    bool workers_closed_ = false;

    // Guarded by mutex_.
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    life life_ = life::open;
    std::exception_ptr broken_by_;
    std::string broken_text_;
    std::vector<task_ref> inbox_;
    bool woken_ = false;
    process_task* unfinished_ = nullptr; // a list
    std::size_t unfinished_count_ = 0;   // its length
    std::size_t finishing_ = 0;          // tasks out of the list whose callbacks may still run
    process_pool_stats counts_;
    std::map<std::uint32_t, worker_facts> facts_;

    void link(process_task& task);
    bool unlink(process_task& task);
    std::vector<task_ref> all_unfinished();
    [[noreturn]] void throw_refusal() const;
    std::exception_ptr broken_error() const;
};

} // namespace cofutures::detail
