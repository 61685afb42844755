// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A program without standard input, output and error.

#include <array>

#include <fcntl.h>
#include <unistd.h>

namespace cofutures::test {

/// Whether nothing can be read from descriptors 0, 1 and 2, or written to them: they are closed, or as
/// good as closed. False as soon as somebody has put a file, a socket or an event there.
inline bool standard_descriptors_are_unusable()
{
    for (int each = STDIN_FILENO; each <= STDERR_FILENO; ++each) {
        const int flags = ::fcntl(each, F_GETFL);
        if (flags >= 0 && (flags & O_PATH) == 0) {
            return false;
        }
    }
    return true;
}

/// Closes the three while it lives. Nothing can be printed meanwhile.
class closed_standard_descriptors {
public:
    closed_standard_descriptors()
    {
        for (int each = STDIN_FILENO; each <= STDERR_FILENO; ++each) {
            kept_[static_cast<std::size_t>(each)] = ::fcntl(each, F_DUPFD_CLOEXEC, 100);
        }
        for (int each = STDIN_FILENO; each <= STDERR_FILENO; ++each) {
            ::close(each);
        }
    }
    ~closed_standard_descriptors()
    {
        for (int each = STDIN_FILENO; each <= STDERR_FILENO; ++each) {
            ::dup2(kept_[static_cast<std::size_t>(each)], each);
            ::close(kept_[static_cast<std::size_t>(each)]);
        }
    }
    closed_standard_descriptors(const closed_standard_descriptors&) = delete;
    closed_standard_descriptors& operator=(const closed_standard_descriptors&) = delete;

private:
    std::array<int, 3> kept_{};
};

} // namespace cofutures::test
