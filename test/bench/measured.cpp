// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

// Runs a program and writes what it took to a file: "WALL USER SYSTEM PEAK STATUS", in seconds and
// KiB. A program of its own because the peak that the system reports for a child begins with that of
// its parent: this one is small, a Python interpreter is not.

#include <cerrno>
#include <chrono>
#include <cstdio>

#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

extern char** environ;

namespace {

double seconds(const timeval& time)
{
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

} // namespace

int main(int argc, char** argv)
{
    if (argc < 3) {
        std::fputs("usage: measured FILE PROGRAM [ARGUMENT...]\n", stderr);
        return 2;
    }
    const auto begin = std::chrono::steady_clock::now();
    pid_t pid = -1;
    if (::posix_spawnp(&pid, argv[2], nullptr, nullptr, argv + 2, environ) != 0) {
        std::perror(argv[2]);
        return 127;
    }
    int status = 0;
    rusage used{};
    while (::wait4(pid, &status, 0, &used) < 0 && errno == EINTR) {
    }
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
    std::FILE* const figures = std::fopen(argv[1], "w");
    if (figures == nullptr) {
        std::perror(argv[1]);
        return 1;
    }
    std::fprintf(figures,
                 "%.6f %.6f %.6f %ld %d\n",
                 wall.count(),
                 seconds(used.ru_utime),
                 seconds(used.ru_stime),
                 used.ru_maxrss,
                 WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return std::fclose(figures) == 0 ? 0 : 1;
}
