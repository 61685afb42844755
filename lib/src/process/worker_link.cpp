// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "worker_link.hpp"

#include <cofutures/codec.hpp>

#include "introductions.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>

#include <sys/socket.h>
#include <unistd.h>

namespace cofutures::detail {

namespace asio = boost::asio;

namespace {

constexpr std::size_t input_size = 256 * 1024;
constexpr std::size_t longest_tail = 4096;
constexpr std::size_t largest_kept_output = std::size_t{4} << 20;

// A message that lacked kernel memory, or found too many descriptors on their way, is sent again.
constexpr std::chrono::milliseconds flush_delay{10};

void take_over(asio::posix::stream_descriptor& into, unique_fd fd)
{
    into.assign(fd.get()); // throws, for instance, if the kernel watches too much already
    static_cast<void>(fd.release());
    into.non_blocking(true);
}

} // namespace

worker_link::worker_link(asio::io_context& context,
                         std::uint32_t worker_number,
                         unique_fd socket,
                         unique_fd stderr_pipe,
                         std::shared_ptr<stderr_relay> errors,
                         std::shared_ptr<status_page> worker_page,
                         on_frame frame,
                         std::function<void()> on_read,
                         std::function<void(worker_link&)> on_lost)
    : number(worker_number),
      page(std::move(worker_page)),
      socket_(context),
      stderr_(context),
      line_timer_(context),
      flush_timer_(context),
      errors_(std::move(errors)),
      on_frame_(std::move(frame)),
      on_read_(std::move(on_read)),
      on_lost_(std::move(on_lost)),
      input_(input_size)
{
    take_over(socket_, std::move(socket));
    if (stderr_pipe) {
        take_over(stderr_, std::move(stderr_pipe));
    }
}

void worker_link::start(const std::shared_ptr<worker_link>& self)
{
    read_on(self);
    if (self->stderr_.is_open()) {
        read_stderr(self);
    }
}

bool worker_link::send(task_ref& task)
{
    const std::uint64_t sequence = next_sequence_;
    page->queue(sequence);
    if (!task->assign(page, sequence)) {
        return false;
    }
    ++next_sequence_;
    introduce();
    slab_place where;
    const auto bytes = task->call.bytes();
    if (const auto& shared = task->call.shared()) {
        where = {shared->number(), shared->capacity()};
        if (known_slabs_.insert(shared->number()).second) {
            output_slabs_.emplace_back(output_.size(), shared);
            const slab_place whole = where;
            send_frame(frame_kind::slab, std::as_bytes(std::span(&whole, 1)));
        }
        const slab_place place{shared->number(), bytes.size()};
        send_frame(frame_kind::call, std::as_bytes(std::span(&place, 1)), sequence, flag_in_slab);
    } else {
        send_frame(frame_kind::call, bytes, sequence);
    }
    if (task->state().stop_requested()) {
        page->request_stop(sequence); // before an earlier run of it crashed
    }
    entries.push_back({std::move(task), sequence, clock::now(), where});
    unchecked = true;
    return true;
}

void worker_link::introduce()
{
    if (module_count() != known_modules_) {
        for (const known_module& module : modules_after(known_modules_)) {
            send_frame(frame_kind::module, encode(std::tuple(module.hash, module.path)));
            ++known_modules_;
        }
    }
    if (handler_count() != known_handlers_) {
        for (const code_address place : handlers_after(known_handlers_)) {
            send_frame(frame_kind::handler, encode(place));
            ++known_handlers_;
        }
    }
}

void worker_link::send_frame(frame_kind kind,
                             std::span<const std::byte> body,
                             std::uint64_t sequence,
                             std::uint32_t flags)
{
    if (kind == frame_kind::initializer) {
        introduce();
    }
    static constexpr std::array<std::byte, 16> zeros{};
    const frame_header header{
        .kind = kind, .flags = flags, .sequence = sequence, .size = body.size()};
    append(&header, sizeof header);
    append(body.data(), body.size());
    append(zeros.data(), padded(body.size()) - body.size());
}

void worker_link::append(const void* bytes, std::size_t size)
{
    const auto* const first = static_cast<const std::byte*>(bytes);
    output_.insert(output_.end(), first, first + size);
}

void worker_link::flush(const std::shared_ptr<worker_link>& self)
{
    worker_link& link = *self;
    if (link.writing_ || link.lost) {
        return;
    }
    while (link.written_ != link.output_.size()) {
        // A slab's descriptor goes with the first byte of its frame.
        std::size_t end = link.output_.size();
        int fd = -1;
        if (!link.output_slabs_.empty()) {
            const auto& [position, shared] = link.output_slabs_.front();
            if (position == link.written_) {
                fd = shared->fd();
                end = link.output_slabs_.size() > 1 ? link.output_slabs_[1].first : end;
            } else {
                end = position;
            }
        }
        const ssize_t size = send_with_fds(link.socket_.native_handle(),
                                           link.output_.data() + link.written_,
                                           end - link.written_,
                                           {&fd, fd >= 0 ? 1U : 0U},
                                           MSG_DONTWAIT);
        if (size < 0) {
            if (errno == EAGAIN || errno == EWOULDBLOCK) {
                link.writing_ = true;
                link.socket_.async_wait(asio::posix::stream_descriptor::wait_write,
                                        [self](const boost::system::error_code& error) {
                                            self->writing_ = false;
                                            if (!error) {
                                                flush(self);
                                            }
                                        });
            } else if (is_shortage(errno)) {
                flush_later(self);
            }
            return; // otherwise the worker has died, which is noticed elsewhere
        }
        if (fd >= 0) {
            link.output_slabs_.erase(link.output_slabs_.begin());
        }
        link.written_ += static_cast<std::size_t>(size);
    }
    link.output_.clear();
    link.written_ = 0;
    if (link.output_.capacity() > largest_kept_output) {
        link.output_.shrink_to_fit();
    }
}

void worker_link::flush_later(const std::shared_ptr<worker_link>& self)
{
    self->writing_ = true;
    self->flush_timer_.expires_after(flush_delay);
    self->flush_timer_.async_wait([self](const boost::system::error_code& error) {
        self->writing_ = false;
        if (!error) {
            flush(self);
        }
    });
}

void worker_link::read_on(const std::shared_ptr<worker_link>& self)
{
    self->socket_.async_wait(asio::posix::stream_descriptor::wait_read,
                             [self](const boost::system::error_code& error) {
                                 if (error || self->lost) {
                                     return;
                                 }
                                 // A few rounds only: other workers want to be heard too.
                                 for (int round = 0; round != 4 && self->receive_some(); ++round) {
                                 }
                                 if (self->ended_) {
                                     self->lose();
                                 } else if (!self->lost) {
                                     read_on(self);
                                 }
                                 self->on_read_();
                             });
}

bool worker_link::receive_some()
{
    static thread_local std::vector<std::byte> buffer(input_size);
    bool fd_lost = false;
    const ssize_t size = receive_with_fds(
        socket_.native_handle(), buffer.data(), buffer.size(), fds_, MSG_DONTWAIT, &fd_lost);
    if (fd_lost) {
        fds_.emplace_back(); // in place of the one that found no free number
    }
    if (size <= 0) {
        ended_ = ended_ || size == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
        return false;
    }
    const std::uint64_t position = socket_position_;
    socket_position_ += static_cast<std::uint64_t>(size);
    return take_in(position, std::span(buffer).first(static_cast<std::size_t>(size)), false) &&
           !lost;
}

bool worker_link::take_in(std::uint64_t position, std::span<const std::byte> bytes, bool live)
{
    // What was read from the outbox already comes once more through the socket.
    if (position < stream_position_) {
        const auto seen = std::min<std::uint64_t>(bytes.size(), stream_position_ - position);
        bytes = bytes.subspan(static_cast<std::size_t>(seen));
        position += seen;
    }
    if (!bytes.empty()) {
        if (position != stream_position_) {
            return true; // a gap: the socket will deliver it
        }
        std::memmove(input_.data(), input_.data() + input_begin_, input_end_ - input_begin_);
        input_end_ -= input_begin_;
        input_begin_ = 0;
        if (bytes.size() > input_.size() - input_end_) {
            input_.resize(input_end_ + bytes.size());
        }
        std::memcpy(input_.data() + input_end_, bytes.data(), bytes.size());
        input_end_ += bytes.size();
        stream_position_ += bytes.size();
    }
    parse(live);
    return true;
}

void worker_link::parse(bool live)
{
    while (!lost && input_end_ - input_begin_ >= sizeof(frame_header)) {
        frame_header header;
        std::memcpy(&header, input_.data() + input_begin_, sizeof header);
        if (header.size > outbox_size || header.kind < frame_kind::call ||
            header.kind > frame_kind::revoked) {
            nonsense_ = true; // no worker in its right mind sends this
            lose();
            return;
        }
        const std::size_t size = frame_size(static_cast<std::size_t>(header.size));
        if (input_end_ - input_begin_ < size) {
            return;
        }
        const std::span<const std::byte> body(input_.data() + input_begin_ + sizeof header,
                                              static_cast<std::size_t>(header.size));
        if (header.kind == frame_kind::slab) {
            if (fds_.empty()) {
                if (!live) {
                    nonsense_ = true;
                    lose();
                }
                return; // its descriptor comes with the socket's copy of the frame
            }
            try {
                const auto place = decode<slab_place>(body);
                unique_fd memory = std::move(fds_.front());
                fds_.erase(fds_.begin());
                // Without its descriptor it is known as lost, which costs the result that lies in it.
                slabs_.insert_or_assign(
                    place.slab,
                    memory ? std::make_unique<slab>(place.slab, place.size, std::move(memory))
                           : nullptr);
            } catch (const std::exception&) {
                nonsense_ = true;
                lose();
                return;
            }
        } else {
            on_frame_(*this, header, body);
        }
        input_begin_ += size;
    }
}

bool worker_link::peek()
{
    shared_page& shared = page->shared();
    const std::uint64_t base = shared.outbox_base.load();
    const std::uint64_t committed = shared.committed.load();
    if (lost || committed == 0 || committed > outbox_size || base + committed <= stream_position_ ||
        base > stream_position_) {
        return false;
    }
    const std::vector<std::byte> copy(shared.outbox.data(), shared.outbox.data() + committed);
    if (shared.outbox_base.load() != base || shared.committed.load() < committed) {
        return false; // it was sent meanwhile, and the outbox may have been written over
    }
    take_in(base, copy, true);
    return true;
}

void worker_link::drain()
{
    lost = nonsense_; // the end of its socket may have been met already, but not its outbox
    while (!lost && !ended_ && receive_some()) {
    }
    peek();
}

void worker_link::lose()
{
    if (!lost) {
        lost = true;
        on_lost_(*this);
    }
}

void worker_link::close_input() noexcept
{
    closing = true;
    if (socket_.is_open()) {
        ::shutdown(socket_.native_handle(), SHUT_WR);
    }
}

void worker_link::close() noexcept
{
    lost = true;
    boost::system::error_code ignored;
    socket_.close(ignored);
    stderr_.close(ignored);
    line_timer_.cancel();
    flush_timer_.cancel();
}

worker_link::entry* worker_link::head() noexcept
{
    for (entry& each : entries) {
        if (each.task) {
            return &each;
        }
    }
    return nullptr;
}

bool worker_link::has_tasks_behind_the_head() const noexcept
{
    int tasks = 0;
    return std::any_of(entries.begin(), entries.end(), [&tasks](const entry& each) {
        tasks += each.task ? 1 : 0;
        return tasks == 2;
    });
}

bool worker_link::head_is_running() noexcept
{
    const entry* const first = head();
    return first != nullptr && page->is(first->sequence, slot_state::running);
}

std::optional<worker_link::clock::time_point> worker_link::head_started() noexcept
{
    const entry* const first = head();
    // Acquire: pairs with the worker's release of `running` after it stored `started`.
    if (first == nullptr ||
        (*page)->running.load(std::memory_order_acquire) != first->sequence + 1) {
        return std::nullopt;
    }
    // A damaged worker may have written anything, and no deadline must overflow.
    return std::clamp(
        clock::time_point(clock::duration((*page)->started.load(std::memory_order_relaxed))),
        first->sent,
        clock::now());
}

std::deque<task_ref> worker_link::take_back(std::size_t most)
{
    std::deque<task_ref> taken;
    for (auto at = entries.rbegin(); at != entries.rend() && taken.size() != most; ++at) {
        if (at->task && page->move(at->sequence, slot_state::queued, slot_state::revoked)) {
            at->task->unassign();
            taken.push_front(std::move(at->task));
        }
    }
    return taken;
}

std::span<const std::byte> worker_link::bytes_of_slab(const slab_place& place)
{
    const auto found = slabs_.find(place.slab);
    if (found != slabs_.end() && found->second == nullptr) {
        throw std::system_error(EMFILE,
                                std::system_category(),
                                "cofutures: the shared memory of a large result could not be "
                                "received");
    }
    if (found == slabs_.end() || place.size > found->second->capacity()) {
        throw codec_error("a result lies in shared memory that the pool does not have");
    }
    return {found->second->data(), static_cast<std::size_t>(place.size)};
}

void worker_link::give_back(const slab_place& place)
{
    const auto found = slabs_.find(place.slab);
    if (found == slabs_.end()) {
        return;
    }
    const bool drop = found->second == nullptr || slabs_.size() > most_kept_slabs ||
                      found->second->capacity() > largest_kept_slab;
    if (drop) {
        slabs_.erase(found);
    }
    send_frame(
        frame_kind::slab_free, std::as_bytes(std::span(&place, 1)), 0, drop ? flag_forget : 0);
}

void worker_link::forget(const slab_place& call)
{
    if (call.size != 0 &&
        (known_slabs_.size() > most_kept_slabs || call.size > largest_kept_slab) &&
        known_slabs_.erase(call.slab) != 0) {
        const slab_place place{call.slab, 0};
        send_frame(frame_kind::slab_free, std::as_bytes(std::span(&place, 1)));
    }
}

void worker_link::read_stderr(const std::shared_ptr<worker_link>& self)
{
    self->stderr_.async_wait(asio::posix::stream_descriptor::wait_read,
                             [self](const boost::system::error_code& error) {
                                 if (error || !self->stderr_.is_open()) {
                                     return;
                                 }
                                 // A few rounds only: the pool has other things to do.
                                 for (int round = 0; round != 16; ++round) {
                                     if (!self->errors_->has_room()) {
                                         // The pipe fills up, and then the worker waits: not the pool.
                                         self->stderr_waits_ = true;
                                         look_at_stderr_later(self);
                                         return;
                                     }
                                     if (!self->read_some_stderr()) {
                                         break;
                                     }
                                 }
                                 if (self->lines_.has_rest()) {
                                     look_at_stderr_later(self);
                                 }
                                 if (self->stderr_.is_open()) {
                                     read_stderr(self);
                                 }
                             });
}

void worker_link::resume_stderr(const std::shared_ptr<worker_link>& self)
{
    if (std::exchange(self->stderr_waits_, false) && self->stderr_.is_open()) {
        read_stderr(self);
    }
}

void worker_link::look_at_stderr_later(const std::shared_ptr<worker_link>& self)
{
    self->line_timer_.expires_after(longest_pause_in_line);
    self->line_timer_.async_wait([self](const boost::system::error_code& error) {
        if (!error) {
            self->errors_->put(self->lines_.take_rest());
            resume_stderr(self); // in case the relay lacked a thread, and has nothing to tell of
        }
    });
}

bool worker_link::read_some_stderr()
{
    char text[4096];
    const ssize_t size = ::read(stderr_.native_handle(), text, sizeof text);
    if (size <= 0) {
        if (size == 0) {
            boost::system::error_code ignored;
            stderr_.close(ignored);
        }
        return false;
    }
    const std::string_view read(text, static_cast<std::size_t>(size));
    errors_->put(lines_.add(read));
    stderr_tail.append(read);
    if (stderr_tail.size() > longest_tail) {
        stderr_tail.erase(0, stderr_tail.size() - longest_tail);
    }
    return true;
}

void worker_link::drain_stderr()
{
    // A pipe's worth: what the worker has started may still write.
    for (int round = 0; round != 16 && stderr_.is_open() && read_some_stderr(); ++round) {
    }
    if (lines_.has_rest()) {
        errors_->put(lines_.take_rest() + "\n"); // or another worker's line would stand behind it
    }
}

} // namespace cofutures::detail
