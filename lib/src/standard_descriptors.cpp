// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "standard_descriptors.hpp"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace cofutures::detail {

void occupy_standard_descriptors() noexcept
{
    const int former_error = errno;
    for (int each = STDIN_FILENO; each <= STDERR_FILENO; ++each) {
        if (::fcntl(each, F_GETFD) >= 0) {
            continue;
        }
        // The lowest free number. Another thread may have been quicker, and has it then.
        const int placeholder = ::open("/", O_PATH | O_CLOEXEC);
        if (placeholder > STDERR_FILENO) {
            ::close(placeholder);
        }
    }
    errno = former_error;
}

bool is_missing_standard_descriptor(int descriptor) noexcept
{
    const int flags = ::fcntl(descriptor, F_GETFL);
    return flags < 0 || (flags & O_PATH) != 0;
}

} // namespace cofutures::detail
