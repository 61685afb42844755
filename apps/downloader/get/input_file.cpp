// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "get/input_file.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace downloader {

namespace {

constexpr std::size_t block_size = 64 * 1024;

[[noreturn]] void fail(int error, const std::string& doing, const std::string& name)
{
    throw std::system_error(error, std::system_category(), doing + " '" + name + "'");
}

} // namespace

input_file::input_file(const std::string& path)
    : name_(path == "-" ? "standard input" : path), owned_(path != "-")
{
    wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    descriptor_ = owned_ ? ::open(path.c_str(), O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    struct stat status {};
    if (descriptor_ < 0 || wake_ < 0 || ::fstat(descriptor_, &status) != 0) {
        const int error = errno;
        close();
        fail(error, "cannot open", name_);
    }
    if (S_ISDIR(status.st_mode)) {
        close();
        fail(EISDIR, "cannot read", name_);
    }
    if (S_ISREG(status.st_mode)) {
        size_ = static_cast<std::uint64_t>(status.st_size);
    }
}

input_file::~input_file()
{
    close();
}

void input_file::close() noexcept
{
    if (wake_ >= 0) {
        ::close(wake_);
    }
    if (owned_ && descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

std::string input_file::read_block()
{
    // Not a non-blocking read: that would be a setting of the terminal or pipe, which other programs
    // share.
    pollfd ready[] = {{wake_, POLLIN, 0}, {descriptor_, POLLIN, 0}};
    while (::poll(ready, 2, -1) < 0) {
        if (errno != EINTR) {
            fail(errno, "cannot read", name_);
        }
    }
    if (ready[0].revents != 0) {
        return {};
    }
    std::string block(block_size, '\0');
    ssize_t size = 0;
    do {
        size = ::read(descriptor_, block.data(), block.size());
    } while (size < 0 && errno == EINTR);
    if (size < 0) {
        fail(errno, "cannot read", name_);
    }
    block.resize(static_cast<std::size_t>(size));
    return block;
}

void input_file::stop() noexcept
{
    // Fails only where a stop is already under way.
    static_cast<void>(::eventfd_write(wake_, 1));
}

} // namespace downloader
