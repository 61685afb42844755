// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "common/standard_streams.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace common {

void occupy_standard_streams() noexcept
{
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(stream, F_GETFD) < 0) {
            // The lowest number is taken, so this one. O_PATH: what reads or writes gets EBADF.
            static_cast<void>(::open("/dev/null", O_PATH | O_CLOEXEC));
        }
    }
}

void put(std::FILE* stream, const std::string& name, std::string_view text)
{
    if (std::fwrite(text.data(), 1, text.size(), stream) != text.size()) {
        throw std::system_error(errno, std::system_category(), "cannot write " + name);
    }
}

void flush(std::FILE* stream, const std::string& name)
{
    if (std::fflush(stream) != 0) {
        throw std::system_error(errno, std::system_category(), "cannot write " + name);
    }
}

void write(std::FILE* stream, const std::string& name, std::string_view text)
{
    put(stream, name, text);
    flush(stream, name);
}

void write_out(std::string_view text)
{
    write(stdout, "standard output", text);
}

void complain(std::string_view text) noexcept
{
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
    static_cast<void>(std::fflush(stderr));
}

} // namespace common
