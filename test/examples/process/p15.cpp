// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// P15: one download program for any executor; threads or processes is a matter of one line.

#include <cofutures/http/client.hpp>
#include <cofutures/process_pool_executor.hpp>
#include <cofutures/thread_pool_executor.hpp>

#include "loopback_site.hpp"

#include <cstdio>
#include <string>
#include <vector>

namespace cf = cofutures;

// [p15
std::size_t download_one(const std::string& url)
{
    cf::http::client client;
    return client.get(url).result().body.size();
}

template <cf::executor_like Executor>
std::size_t download_many(Executor& executor, const std::vector<std::string>& urls)
{
    std::size_t bytes = 0;
    for (const std::size_t size : executor.map(download_one, urls)) {
        bytes += size;
    }
    return bytes;
}
// p15]

int main(int argc, char** argv)
{
    cf::process::init(argc, argv);
    example::loopback_site site({{"/one", "1"}, {"/three", "333"}, {"/five", "55555"}});
    const std::vector<std::string> urls{site.url("/one"), site.url("/three"), site.url("/five")};

    cf::thread_pool_executor threads(3);
    cf::process_pool_executor processes(3);
    std::printf("threads: %zu bytes\n", download_many(threads, urls));
    std::printf("processes: %zu bytes\n", download_many(processes, urls));
}
