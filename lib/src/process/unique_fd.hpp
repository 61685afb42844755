// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A descriptor with an owner, and messages that carry descriptors. Internal.

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <sys/types.h>
#include <unistd.h>

namespace cofutures::detail {

class unique_fd {
public:
    unique_fd() noexcept = default;
    explicit unique_fd(int fd) noexcept : fd_(fd) {}
    unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
    unique_fd& operator=(unique_fd&& other) noexcept
    {
        reset(other.release());
        return *this;
    }
    ~unique_fd() { reset(); }

    int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }
    int release() noexcept { return std::exchange(fd_, -1); }
    void reset(int fd = -1) noexcept
    {
        if (fd_ >= 0) {
            ::close(fd_);
        }
        fd_ = fd;
    }

private:
    int fd_ = -1;
};

/// Descriptors that this process owns for the library lie at `lowest` or above from now on.
///
/// In the program that is 3. In a worker it is high: there a stream of the program that was inherited
/// without its descriptor, or what a task opens next, must not meet the protocol.
void keep_descriptors_from(int lowest) noexcept;

/// The number for a worker: high, but within what `select` and the limit of open files take.
int lowest_descriptor_of_workers() noexcept;

/// The same open file where `keep_descriptors_from` says; where it was if there is no room. Everything
/// below and in slab, status_page and program_traits that makes a descriptor asks this.
unique_fd out_of_the_way(unique_fd fd) noexcept;

struct fd_pair {
    unique_fd ours;
    unique_fd theirs;
};

/// Connected sockets, closed on exec. `type` is SOCK_STREAM or SOCK_SEQPACKET.
fd_pair make_socket_pair(int type);

/// Whether an operation failed for want of descriptors, processes or memory, which there may be in a
/// moment.
bool is_shortage(int error) noexcept;

/// A pipe: `ours` is the end to read from.
fd_pair make_pipe();

/// `sendmsg` with descriptors attached; returns what it returns, EINTR excepted.
ssize_t
send_with_fds(int socket, const void* bytes, std::size_t size, std::span<const int> fds, int flags);

/// `recvmsg`; descriptors that came along are appended to `fds`, closed on exec. `fds_lost` is set where
/// some did not fit into what this process may have open.
ssize_t receive_with_fds(int socket,
                         void* bytes,
                         std::size_t size,
                         std::vector<unique_fd>& fds,
                         int flags,
                         bool* fds_lost = nullptr);

} // namespace cofutures::detail
