// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "stderr_relay.hpp"

#include <climits>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <utility>

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

namespace cofutures::detail {

std::string line_splitter::add(std::string_view text)
{
    const std::size_t end = text.rfind('\n');
    std::string lines;
    if (end != std::string_view::npos) {
        lines = std::exchange(rest_, {});
        lines.append(text, 0, end + 1);
        text.remove_prefix(end + 1);
    }
    rest_.append(text);
    if (rest_.size() >= longest_line) {
        lines += std::exchange(rest_, {});
    }
    return lines;
}

struct stderr_relay::state {
    // A pipe takes so much at once or not at all, so that lines of other processes do not get in between.
    static constexpr std::size_t piece_size = PIPE_BUF;
    static_assert(piece_size >= line_splitter::longest_line);

    state(int to, std::function<void()> change) : fd(to), on_change(std::move(change)) {}

    std::size_t size() const noexcept { return waiting.size() - begun; }

    /// With the lock: copies the next piece, which ends with a line where one ends within its size.
    std::size_t next_piece(std::array<char, piece_size>& piece) const
    {
        const std::string_view rest = std::string_view(waiting).substr(begun, piece_size);
        const std::size_t end = rest.rfind('\n');
        return rest.copy(piece.data(), end == std::string_view::npos ? rest.size() : end + 1);
    }

    /// With the lock.
    void done_with(std::size_t bytes)
    {
        begun += bytes;
        written += bytes;
        if (begun == waiting.size() || begun > enough) {
            waiting.erase(0, begun);
            begun = 0;
        }
        if (size() < enough / 2) {
            say_what_was_dropped();
        }
        const bool room = wants_room && size() < enough / 2;
        const bool idle = wants_idle && size() == 0;
        if ((room || idle) && on_change) {
            wants_room = wants_room && !room;
            wants_idle = wants_idle && !idle;
            on_change();
        }
    }

    /// With the lock.
    void say_what_was_dropped()
    {
        if (const auto bytes = std::exchange(dropped, 0); bytes != 0) {
            waiting +=
                "cofutures: " + std::to_string(bytes) +
                " bytes of the standard error of dead workers were dropped: nobody read it\n";
        }
    }

    bool is_closed() const
    {
        const std::lock_guard lock(mutex);
        return closed;
    }

    /// Without the lock. False if the relay was closed.
    bool write(const char* text, std::size_t size) const
    {
        while (size != 0) {
            // Waiting here instead of in the write: that ends only when somebody reads.
            pollfd polled{fd, POLLOUT, 0};
            while (::poll(&polled, 1, 100) == 0 && !is_closed()) {
            }
            if (is_closed()) {
                return false; // what is read now may be another program's standard error
            }
            const ssize_t written_now = ::write(fd, text, size);
            if (written_now >= 0) {
                text += written_now;
                size -= static_cast<std::size_t>(written_now);
            } else if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) {
                return true; // nobody can read it
            }
        }
        return true;
    }

    const int fd;
    mutable std::mutex mutex;
    std::condition_variable changed;
    // Guarded by mutex.
    std::function<void()> on_change;
    std::string waiting;
    std::size_t begun = 0; // bytes of `waiting` that are written
    std::uint64_t written = 0;
    std::uint64_t dropped = 0;
    bool wants_room = false;
    bool wants_idle = false;
    bool closed = false;
};

stderr_relay::stderr_relay(int fd, std::function<void()> on_change)
    : state_(std::make_shared<state>(fd, std::move(on_change)))
{}

void stderr_relay::put(std::string_view text)
{
    if (text.empty()) {
        return;
    }
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->dropped != 0 || state_->size() + text.size() > too_much) {
            state_->dropped += text.size();
            return;
        }
        state_->waiting += text;
        state_->changed.notify_one();
    }
    start_thread();
}

void stderr_relay::start_thread() noexcept
{
    if (!thread_.joinable()) {
        try {
            thread_ = std::thread([shared = state_] { run(shared); });
        } catch (const std::system_error&) {
            // None at the moment. The text waits; whoever asks next for anything tries again.
        }
    }
}

bool stderr_relay::has_room()
{
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->size() < enough) {
            return true;
        }
        state_->wants_room = true;
    }
    start_thread();
    return false;
}

bool stderr_relay::is_idle()
{
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->size() == 0) {
            return true;
        }
        state_->wants_idle = true;
    }
    start_thread();
    return false;
}

std::uint64_t stderr_relay::written() const
{
    const std::lock_guard lock(state_->mutex);
    return state_->written;
}

void stderr_relay::close() noexcept
{
    bool writing = false;
    {
        const std::lock_guard lock(state_->mutex);
        state_->closed = true;
        state_->on_change = nullptr;
        writing = state_->size() != 0;
        state_->changed.notify_one();
    }
    if (thread_.joinable()) {
        if (writing) {
            thread_.detach(); // it may wait until somebody reads
        } else {
            thread_.join();
        }
    }
}

void stderr_relay::run(const std::shared_ptr<state>& shared) noexcept
{
    ::pthread_setname_np(::pthread_self(), "cf-stderr");
    std::array<char, state::piece_size> piece;
    std::unique_lock lock(shared->mutex);
    for (;;) {
        shared->changed.wait(lock, [&] { return shared->closed || shared->size() != 0; });
        if (shared->closed) {
            return;
        }
        const std::size_t size = shared->next_piece(piece);
        lock.unlock();
        const bool go_on = shared->write(piece.data(), size);
        lock.lock();
        if (!go_on) {
            return;
        }
        shared->done_with(size);
    }
}

} // namespace cofutures::detail
