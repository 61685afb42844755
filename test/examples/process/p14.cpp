// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// P14: three tasks on a process pool; asking whether they are done never blocks.

#include <cofutures/process_pool_executor.hpp>
#include <cofutures/wait.hpp>

#include <cstdio>
#include <string>
#include <vector>

#include <unistd.h>

namespace cf = cofutures;

/// Waits until the program closes its end of a pipe. Workers inherit no descriptors, so the pipe has to be
/// opened by its name in /proc.
std::string wait_and_say(std::string text, std::string door)
{
    if (FILE* const file = std::fopen(door.c_str(), "r")) {
        std::fgetc(file); // until somebody opens the other end
        std::fclose(file);
    }
    return text;
}

void print_done(const std::vector<cf::future<std::string>>& futures)
{
    for (const auto& future : futures) {
        std::puts(future.done() ? "True" : "False");
    }
}

int main(int argc, char** argv)
{
    cf::process::init(argc, argv);
    const std::string door = "/proc/" + std::to_string(::getpid()) + "/fd/";
    int ends[2];
    if (::pipe(ends) != 0) {
        return 1;
    }
    const std::string reading_end = door + std::to_string(ends[0]);

    // [p14
    cf::process_pool_executor pool(3);
    std::vector<cf::future<std::string>> futures;
    for (const char* text : {"hello", "world", "again"}) {
        futures.push_back(pool.submit(wait_and_say, text, reading_end));
    }
    print_done(futures);
    // p14]
    ::close(ends[1]); // every reader meets the end of the pipe
    cf::wait(futures);
    print_done(futures);
    std::printf("Result: %s\n", futures.front().result().c_str());
    pool.shutdown();
}
