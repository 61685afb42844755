// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// What the README shows: the same calls as in Python, then what coroutines add.

#include <cofutures/asio/as_future.hpp>
#include <cofutures/asio/async_wait.hpp>
#include <cofutures/asio/io_context_executor.hpp>
#include <cofutures/cofutures.hpp>

#include <boost/asio/steady_timer.hpp>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

namespace asio = boost::asio;
namespace cf = cofutures;
using namespace std::chrono_literals;

using page = std::string;

page load(const std::string& file)
{
    std::ifstream in(file);
    if (!in) {
        throw std::runtime_error("cannot be read");
    }
    return page(std::istreambuf_iterator<char>(in), {});
}

// [coroutine
asio::awaitable<std::size_t> total_size(cf::thread_pool_executor& pool,
                                        std::vector<std::string> files)
{
    std::size_t total = 0;
    for (const std::string& file : files) {
        page p = co_await pool.submit(load, file); // blocks a worker of the pool, never this thread
        total += p.size();
    }
    co_return total;
}
// coroutine]

int main()
{
    const auto folder = std::filesystem::temp_directory_path() / "cofutures-readme-example";
    std::filesystem::create_directories(folder);
    std::filesystem::current_path(folder);
    std::ofstream("one.html") << "<p>first page</p>";
    std::ofstream("two.html") << "<p>page two</p>";

    // [futures
    cf::thread_pool_executor pool({.max_workers = 4, .thread_name_prefix = "load"});

    std::unordered_map<cf::future<page>, std::string> to_do;
    for (const std::string file : {"one.html", "two.html", "three.html"}) {
        to_do.emplace(pool.submit(load, file), file);
    }
    for (const cf::future<page>& done : cf::as_completed(to_do, {.timeout = 60s})) {
        try {
            const page& p = done.result();
            std::cout << to_do.at(done) << " is " << p.size() << " bytes\n";
        } catch (const std::exception& error) {
            std::cout << to_do.at(done) << ": " << error.what() << '\n';
        }
    }

    const std::vector<std::string> files = {"one.html", "two.html"};
    for (const page& p : pool.map(load, files)) {
        std::cout << p << '\n';
    }

    const std::vector<cf::future<page>> loads = {pool.submit(load, files[0]),
                                                 pool.submit(load, files[1])};
    const auto [done, not_done] = cf::wait(loads, {.timeout = 60s});
    std::cout << done.size() << " done, " << not_done.size() << " not done\n";
    // futures]

    // [bridge
    cf::io_context_executor io;
    // A coroutine's result is a future like any other.
    cf::future<std::size_t> total = io.submit(total_size, std::ref(pool), files);
    std::cout << "together " << total.result() << " bytes\n";

    asio::steady_timer timer(io.context(), 1ms);
    cf::future<void> expired = timer.async_wait(cf::as_future); // any Asio operation as a future
    std::cout << "the timer: " << (expired.wait_for(60s) ? "expired" : "still runs") << '\n';
    // bridge]

    std::filesystem::current_path(folder.parent_path());
    std::filesystem::remove_all(folder);
}
