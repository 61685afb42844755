// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// P16: a worker killed from outside, with our answer to it and with Python's.

#include <cofutures/process_pool_executor.hpp>

#include <csignal>
#include <cstdio>
#include <exception>
#include <utility>

#include <unistd.h>

namespace cf = cofutures;

void show(const char* name, const cf::future<int>& future)
{
    try {
        std::printf("%s: %d\n", name, future.result());
    } catch (const cf::worker_crashed& e) {
        std::printf("%s: worker_crashed, signal %d\n", name, e.signal());
    } catch (const cf::broken_process_pool&) {
        std::printf("%s: broken_process_pool\n", name);
    }
}

// [p16
int killed_from_outside()
{
    return ::kill(::getpid(), SIGKILL);
}

int answer()
{
    return 42;
}

void run(cf::process::on_crash policy)
{
    cf::process_pool_executor pool({.max_workers = 1, .on_crash = policy});
    const auto victim = pool.submit(killed_from_outside);
    const auto other = pool.submit(answer);
    show("victim", victim);
    show("other", other);
}
// p16]

int main(int argc, char** argv)
{
    cf::process::init(argc, argv);
    std::puts("default:");
    run(cf::process::on_crash::replace_worker);
    std::puts("as Python:");
    run(cf::process::on_crash::break_pool);
}
