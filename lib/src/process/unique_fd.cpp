// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "unique_fd.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace cofutures::detail {

namespace {

constexpr std::size_t most_fds = 8;

// Written by a worker before it has a second thread.
std::atomic<int> lowest_descriptor{STDERR_FILENO + 1};

} // namespace

void keep_descriptors_from(int lowest) noexcept
{
    lowest_descriptor.store(lowest, std::memory_order_relaxed);
}

int lowest_descriptor_of_workers() noexcept
{
    constexpr rlim_t largest = 1024;
    rlimit limit{largest, largest};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const auto end = static_cast<int>(std::min(limit.rlim_cur, largest));
    return std::max(end - end / 4, STDERR_FILENO + 1);
}

unique_fd out_of_the_way(unique_fd fd) noexcept
{
    const int lowest = lowest_descriptor.load(std::memory_order_relaxed);
    if (!fd || fd.get() >= lowest) {
        return fd;
    }
    const int former_error = errno;
    unique_fd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, lowest));
    errno = former_error;
    return moved ? std::move(moved) : std::move(fd);
}

fd_pair make_socket_pair(int type)
{
    int fds[2];
    if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds) != 0) {
        throw std::system_error(errno, std::system_category(), "cofutures: socketpair");
    }
    return {out_of_the_way(unique_fd(fds[0])), out_of_the_way(unique_fd(fds[1]))};
}

bool is_shortage(int error) noexcept
{
    constexpr std::array shortages{EMFILE, ENFILE, EAGAIN, ENOMEM, ENOBUFS, ENOSPC, ETOOMANYREFS};
    return std::find(shortages.begin(), shortages.end(), error) != shortages.end();
}

fd_pair make_pipe()
{
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) {
        throw std::system_error(errno, std::system_category(), "cofutures: pipe");
    }
    return {out_of_the_way(unique_fd(fds[0])), out_of_the_way(unique_fd(fds[1]))};
}

ssize_t
send_with_fds(int socket, const void* bytes, std::size_t size, std::span<const int> fds, int flags)
{
    iovec piece{const_cast<void*>(bytes), size};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * most_fds)> control{};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    if (!fds.empty()) {
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(fds.size_bytes());
        cmsghdr* const header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(fds.size_bytes());
        std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
    }
    ssize_t sent = 0;
    do {
        sent = ::sendmsg(socket, &message, flags | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent;
}

ssize_t receive_with_fds(int socket,
                         void* bytes,
                         std::size_t size,
                         std::vector<unique_fd>& fds,
                         int flags,
                         bool* fds_lost)
{
    iovec piece{bytes, size};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * most_fds)> control{};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ssize_t received = 0;
    do {
        received = ::recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    } while (received < 0 && errno == EINTR);
    if (received < 0) {
        return received;
    }
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
            const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            for (std::size_t i = 0; i != count; ++i) {
                int fd = -1;
                std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
                fds.push_back(out_of_the_way(unique_fd(fd)));
            }
        }
    }
    if (fds_lost != nullptr && (message.msg_flags & MSG_CTRUNC) != 0) {
        *fds_lost = true;
    }
    return received;
}

} // namespace cofutures::detail
