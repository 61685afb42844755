// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The pool's end of one worker: frames out, frames in, and which tasks it has. Internal.

#include <cofutures/detail/process_task.hpp>
#include <cofutures/process/error.hpp>

#include "slab.hpp"
#include "status_page.hpp"
#include "stderr_relay.hpp"
#include "unique_fd.hpp"
#include "wire.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace cofutures::detail {

/// An owner's reference to a task.
class task_ref {
public:
    task_ref() noexcept = default;
    explicit task_ref(process_task& task) noexcept : task_(&task) { task.state().add_owner(); }
    task_ref(task_ref&& other) noexcept : task_(std::exchange(other.task_, nullptr)) {}
    task_ref& operator=(task_ref&& other) noexcept
    {
        std::swap(task_, other.task_);
        return *this;
    }
    ~task_ref()
    {
        if (task_ != nullptr) {
            task_->state().release_owner();
        }
    }

    process_task* operator->() const noexcept { return task_; }
    process_task& operator*() const noexcept { return *task_; }
    explicit operator bool() const noexcept { return task_ != nullptr; }

private:
    process_task* task_ = nullptr;
};

/// The beginning of a line on standard error waits this long for its end; without a limit, a row of dots
/// would not show.
inline constexpr std::chrono::milliseconds longest_pause_in_line{1000};

/// **Thread safety** None: everything happens on the pool's thread.
class worker_link {
public:
    using clock = std::chrono::steady_clock;

    struct entry {
        task_ref task; // empty once it was taken back
        std::uint64_t sequence = 0;
        clock::time_point sent;
        slab_place call = {};                          // where its call lies; size 0: in the frame
        std::optional<clock::time_point> kill_at = {}; // after a stop request
    };

    /// One frame from the worker; the body is valid during the call.
    using on_frame =
        std::function<void(worker_link&, const frame_header&, std::span<const std::byte>)>;

    /// `on_read` is told after a batch of frames; `on_lost`, that nothing will come any more, or nothing
    /// sensible. What the worker writes to `stderr_pipe`, if there is one, goes to `errors`.
    worker_link(boost::asio::io_context& context,
                std::uint32_t number,
                unique_fd socket,
                unique_fd stderr_pipe,
                std::shared_ptr<stderr_relay> errors,
                std::shared_ptr<status_page> page,
                on_frame frame,
                std::function<void()> on_read,
                std::function<void(worker_link&)> on_lost);

    /// Begins to read; `self` keeps the link alive meanwhile.
    static void start(const std::shared_ptr<worker_link>& self);

    /// Sends a task; false if it was cancelled.
    bool send(task_ref& task);
    void send_frame(frame_kind kind,
                    std::span<const std::byte> body,
                    std::uint64_t sequence = 0,
                    std::uint32_t flags = 0);
    static void flush(const std::shared_ptr<worker_link>& self);

    /// Reads replies that lie in the outbox although the worker lives; true if there were any.
    bool peek();

    /// Reads everything that a dead worker has left.
    void drain();

    /// Makes the worker end when it has read everything.
    void close_input() noexcept;
    void close() noexcept;

    /// The first task that the worker has not finished, with what it owes before it dropped.
    entry* head() noexcept;
    bool head_is_running() noexcept;
    bool has_tasks_behind_the_head() const noexcept;
    std::optional<clock::time_point> head_started() noexcept;

    /// Takes back tasks that the worker has not begun, the last first, `most` at most.
    std::deque<task_ref> take_back(std::size_t most);

    std::span<const std::byte> bytes_of_slab(const slab_place& place);

    /// Says that a result was read from the worker's slab, if there is such a slab.
    void give_back(const slab_place& place);

    /// Lets the worker unmap an answered call's slab where too many are mapped.
    void forget(const slab_place& call);

    /// Reads what a dead worker has left in its pipe and ends its last line.
    void drain_stderr();

    /// Goes on reading after the relay had no room.
    static void resume_stderr(const std::shared_ptr<worker_link>& self);

    const std::uint32_t number;
    const std::shared_ptr<status_page> page;
    pid_t pid = 0;
    bool ready = true;
    bool closing = false;
    bool lost = false;
    bool unchecked = false; // may hold replies in its outbox
    std::uint64_t executed = 0;
    std::deque<entry> entries;
    std::optional<std::pair<std::uint64_t, std::exception_ptr>> kill_reason; // sequence and outcome
    std::string stderr_tail;

private:
    static void read_on(const std::shared_ptr<worker_link>& self);
    static void read_stderr(const std::shared_ptr<worker_link>& self);
    static void look_at_stderr_later(const std::shared_ptr<worker_link>& self);
    bool read_some_stderr(); // false at the end or when nothing is there
    static void flush_later(const std::shared_ptr<worker_link>& self);
    void append(const void* bytes, std::size_t size);
    void introduce();
    bool receive_some(); // false at the end or when nothing is there
    bool take_in(std::uint64_t stream_position, std::span<const std::byte> bytes, bool live);
    void parse(bool live);
    void lose();

    boost::asio::posix::stream_descriptor socket_;
    boost::asio::posix::stream_descriptor stderr_;
    boost::asio::steady_timer line_timer_;
    boost::asio::steady_timer flush_timer_;
    std::shared_ptr<stderr_relay> errors_;
    line_splitter lines_;
    bool stderr_waits_ = false; // for room in errors_
    on_frame on_frame_;
    std::function<void()> on_read_;
    std::function<void(worker_link&)> on_lost_;

    std::vector<std::byte> output_;
    std::size_t written_ = 0;
    std::vector<std::pair<std::size_t, std::shared_ptr<slab>>> output_slabs_; // position in output_
    bool writing_ = false;

    std::vector<std::byte> input_;
    std::size_t input_begin_ = 0;
    std::size_t input_end_ = 0;
    std::uint64_t socket_position_ = 0; // bytes of the worker's stream read from the socket
    std::uint64_t stream_position_ =
        0; // bytes of it that were put into input_, from socket or outbox
    std::vector<unique_fd> fds_;
    bool ended_ = false;    // the worker's socket is at its end
    bool nonsense_ = false; // what came is not from a worker in its right mind

    std::uint64_t next_sequence_ = 0;
    std::size_t known_modules_ = 0;
    std::size_t known_handlers_ = 0;
    std::unordered_set<std::uint64_t> known_slabs_;
    std::unordered_map<std::uint64_t, std::unique_ptr<slab>> slabs_; // of the worker
};

} // namespace cofutures::detail
