// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "worker.hpp"

#include <cofutures/detail/process_call.hpp>
#include <cofutures/process/error.hpp>
#include <cofutures/this_worker.hpp>

#include "introductions.hpp"
#include "slab.hpp"
#include "status_page.hpp"
#include "stop_watcher.hpp"
#include "wire.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <new>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming): gcc's name for it
extern "C" [[gnu::weak]] void __gcov_dump();

namespace cofutures::detail {

namespace {

using clock = std::chrono::steady_clock;

// Replies wait for company at most this long, unless a long task follows: then the pool finds them in
// the outbox by itself.
constexpr auto longest_hold = std::chrono::microseconds(100);

[[noreturn]] void leave(int status) noexcept
{
    // Not exit(): static objects and atexit handlers belong to the program this process was forked from.
    std::cout.flush();
    std::fflush(nullptr);
    if (&__gcov_dump != nullptr) {
        __gcov_dump();
    }
    ::_exit(status);
}

struct memory_use {
    std::size_t total = 0;
    std::size_t resident = 0;
};

memory_use current_memory()
{
    memory_use use;
    const unique_fd file(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
    char text[128] = {};
    if (file && ::read(file.get(), text, sizeof text - 1) > 0) {
        char* end = nullptr;
        const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        use.total = std::strtoull(text, &end, 10) * page;
        use.resident = std::strtoull(end, &end, 10) * page;
    }
    return use;
}

class worker final : public call_context {
public:
    worker(unique_fd socket, unique_fd page, std::size_t memory_limit)
        : socket_(std::move(socket)),
          page_(std::move(page)),
          stopper_(page_),
          memory_limit_(memory_limit),
          own_slabs_(std::make_shared<slab_pool>())
    {
        if (memory_limit_ != 0) {
            const memory_use use = current_memory();
            base_resident_ = use.resident;
            // No sum may overflow: it would leave a worker next to nothing instead of everything.
            memory_limit_ = std::min(memory_limit_, ~std::size_t{0} - use.total);
            const rlimit limit{use.total + memory_limit_, use.total + memory_limit_};
            ::setrlimit(RLIMIT_AS, &limit);
        }
    }

    [[noreturn]] void run()
    {
        for (;;) {
            while (const std::size_t size = whole_frame()) {
                frame_header header;
                std::memcpy(&header, input_.data() + begin_, sizeof header);
                obey(header,
                     {input_.data() + begin_ + sizeof header,
                      static_cast<std::size_t>(header.size)});
                begin_ += size;
            }
            std::cout.flush();
            std::fflush(stdout);
            flush();
            receive();
        }
    }

    std::stop_token stop_token() override { return stopper_.token(); }

    std::span<std::byte> reply_place(std::size_t size) override
    {
        if (size > largest_inline) {
            reply_slab_ = own_slabs_->take(size);
            reply_size_ = size;
            return {reply_slab_->data(), size};
        }
        make_room(frame_size(size));
        reply_size_ = size;
        return {page_->outbox.data() + committed_ + sizeof(frame_header), size};
    }

private:
    /// The size of the frame that begins the input, 0 if it is not all there.
    std::size_t whole_frame()
    {
        if (end_ - begin_ < sizeof(frame_header)) {
            return 0;
        }
        frame_header header;
        std::memcpy(&header, input_.data() + begin_, sizeof header);
        wanted_ = frame_size(static_cast<std::size_t>(header.size));
        return end_ - begin_ < wanted_ ? 0 : wanted_;
    }

    void receive()
    {
        // The rest of a frame moves to the front, so that bodies stay aligned.
        std::memmove(input_.data(), input_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
        if (wanted_ > input_.size()) {
            input_.resize(wanted_);
        }
        const ssize_t size =
            receive_with_fds(socket_.get(), input_.data() + end_, input_.size() - end_, fds_, 0);
        if (size <= 0) {
            leave(0); // the pool closed the socket, or is no more
        }
        end_ += static_cast<std::size_t>(size);
    }

    void obey(const frame_header& header, std::span<const std::byte> body)
    {
        switch (header.kind) {
        case frame_kind::call:
            run_task(header, body);
            return;
        case frame_kind::initializer:
            initialize(body);
            return;
        case frame_kind::module: {
            decoder archive(body);
            const auto hash = archive.read<std::uint64_t>();
            learn_module({hash, archive.read<std::string>()});
            return;
        }
        case frame_kind::handler:
            try {
                learn_handler(decode<code_address>(body));
            } catch (const error&) {
                // Its library cannot be loaded here: such exceptions become remote_error.
            }
            return;
        case frame_kind::slab: {
            if (fds_.empty()) {
                // Tasks have used up all descriptors. No task has begun: a new worker runs this one.
                static_cast<void>(
                    std::fputs("cofutures: this worker has no free descriptor left\n", stderr));
                leave(1);
            }
            const auto place = decode<slab_place>(body);
            unique_fd memory = std::move(fds_.front());
            fds_.erase(fds_.begin());
            slabs_.emplace(place.slab,
                           std::make_unique<slab>(place.slab, place.size, std::move(memory)));
            return;
        }
        case frame_kind::slab_free: {
            const auto place = decode<slab_place>(body);
            if (place.size == 0) {
                slabs_.erase(place.slab); // the pool's own
            } else {
                lent_slabs_.erase(place.slab);
                if ((header.flags & flag_forget) != 0) {
                    known_slabs_.erase(place.slab);
                }
            }
            return;
        }
        default:
            std::abort(); // the pool and the worker are the same program
        }
    }

    void run_task(const frame_header& header, std::span<const std::byte> body)
    {
        const std::uint64_t sequence = header.sequence;
        if (!page_.move(sequence, slot_state::queued, slot_state::running)) {
            reply({.kind = frame_kind::revoked, .sequence = sequence});
            return;
        }
        const auto started = clock::now();
        page_->started.store(started.time_since_epoch().count(), std::memory_order_relaxed);
        page_->running.store(sequence + 1, std::memory_order_release);
        stopper_.begin(sequence);

        frame_header answer{.kind = frame_kind::value, .sequence = sequence};
        try {
            reply_size_ = 0;
            if ((header.flags & flag_in_slab) != 0) {
                const auto place = decode<slab_place>(body);
                body = {slabs_.at(place.slab)->data(), static_cast<std::size_t>(place.size)};
            }
            decoder archive(body);
            function_at<trampoline*>(archive.read<code_address>())(archive, *this);
        } catch (...) {
            answer.kind = frame_kind::failure;
            stopper_.end();
            place_exception(std::current_exception());
        }
        stopper_.end();

        const auto finished = clock::now();
        answer.run_time = static_cast<std::uint64_t>((finished - started).count());
        if (memory_limit_ != 0 && current_memory().resident > base_resident_ + memory_limit_) {
            answer.flags |= flag_oversized;
        }
        reply(answer);
        // Only now: a crash before this line would have to be blamed on this task.
        page_->running.store(0, std::memory_order_release);
        page_.move(sequence, slot_state::running, slot_state::done);
        page_->tasks_done.fetch_add(1, std::memory_order_relaxed);
        if (finished - flushed_ > longest_hold) {
            flush();
        }
    }

    void initialize(std::span<const std::byte> body)
    {
        reply_size_ = 0;
        try {
            decoder archive(body);
            function_at<trampoline*>(archive.read<code_address>())(archive, *this);
        } catch (...) {
            place_exception(std::current_exception());
            reply({.kind = frame_kind::init_failed});
            flush();
            leave(1);
        }
        reply_size_ = 0;
        reply({.kind = frame_kind::ready});
        flush();
    }

    void place_exception(std::exception_ptr exception)
    {
        reply_slab_.reset();
        if (memory_limit_ != 0) {
            try {
                std::rethrow_exception(exception);
            } catch (const std::bad_alloc&) {
                exception =
                    std::make_exception_ptr(memory_limit_exceeded(memory_limit_, ::getpid()));
            } catch (...) {
            }
        }
        byte_buffer bytes;
        encoder archive(bytes);
        write_exception(archive, exception);
        exception = nullptr;
        const auto place = reply_place(bytes.size());
        std::memcpy(place.data(), bytes.data(), bytes.size());
    }

    /// Completes the frame whose body was put where reply_place said.
    void reply(frame_header header)
    {
        if (reply_slab_ != nullptr) {
            lend(header);
        } else {
            make_room(frame_size(header.kind == frame_kind::revoked ? 0 : reply_size_));
            header.size = header.kind == frame_kind::revoked ? 0 : reply_size_;
        }
        commit(header);
    }

    /// Turns the reply into one that says which slab holds it, and introduces the slab where it is new.
    void lend(frame_header& header)
    {
        const std::shared_ptr<slab> lent = std::move(reply_slab_);
        reply_slab_ = nullptr;
        if (known_slabs_.insert(lent->number()).second) {
            flush(); // the descriptor must arrive with its own frame
            put_body(slab_place{lent->number(), lent->capacity()});
            commit({.kind = frame_kind::slab, .size = sizeof(slab_place)});
            flush(lent->fd());
        }
        header.flags |= flag_in_slab;
        make_room(frame_size(sizeof(slab_place)));
        put_body(slab_place{lent->number(), reply_size_});
        header.size = sizeof(slab_place);
        lent_slabs_.emplace(lent->number(), lent);
    }

    void put_body(slab_place place)
    {
        std::memcpy(page_->outbox.data() + committed_ + sizeof(frame_header), &place, sizeof place);
    }

    void commit(const frame_header& header)
    {
        std::memcpy(page_->outbox.data() + committed_, &header, sizeof header);
        committed_ += frame_size(static_cast<std::size_t>(header.size));
        page_->committed.store(committed_);
    }

    void make_room(std::size_t size)
    {
        if (size > outbox_size - committed_) {
            flush();
        }
    }

    void flush(int with_fd = -1)
    {
        std::size_t sent = 0;
        while (sent != committed_) {
            const ssize_t size = send_with_fds(socket_.get(),
                                               page_->outbox.data() + sent,
                                               committed_ - sent,
                                               {&with_fd, with_fd >= 0 ? 1U : 0U},
                                               0);
            if (size < 0) {
                leave(0); // nobody reads any more
            }
            with_fd = -1;
            sent += static_cast<std::size_t>(size);
        }
        // In this order: at no moment does the page claim bytes that are not there.
        page_->committed.store(0);
        page_->outbox_base.fetch_add(committed_);
        committed_ = 0;
        flushed_ = clock::now();
    }

    unique_fd socket_;
    status_page page_;
    stop_watcher stopper_;
    std::size_t memory_limit_;
    std::size_t base_resident_ = 0;

    std::vector<std::byte> input_ = std::vector<std::byte>(256 * 1024);
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t wanted_ = 0;
    std::vector<unique_fd> fds_;
    std::unordered_map<std::uint64_t, std::unique_ptr<slab>> slabs_; // of the pool

    std::shared_ptr<slab_pool> own_slabs_;
    std::unordered_map<std::uint64_t, std::shared_ptr<slab>>
        lent_slabs_; // until the pool has read them
    std::unordered_set<std::uint64_t> known_slabs_;
    std::shared_ptr<slab> reply_slab_;
    std::size_t reply_size_ = 0;
    std::size_t committed_ = 0;
    clock::time_point flushed_ = clock::now();
};

} // namespace

void run_worker(unique_fd socket,
                unique_fd page,
                std::string name,
                std::size_t memory_limit) noexcept
{
    set_worker_name(std::move(name));
    worker(std::move(socket), std::move(page), memory_limit).run();
}

} // namespace cofutures::detail
