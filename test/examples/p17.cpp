// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// P17: an initializer with arguments, named threads, and what a failing initializer does.

#include <cofutures/cofutures.hpp>

#include <iostream>
#include <stdexcept>
#include <string>

namespace cf = cofutures;

thread_local std::string connection;

void connect(const std::string& host, int port)
{
    if (port < 0) {
        throw std::invalid_argument("a port cannot be negative");
    }
    connection = host + ":" + std::to_string(port);
}

std::string query(const std::string& what)
{
    return cf::this_worker::name() + " asks " + connection + " for " + what;
}

int main()
{
    {
        // [p17
        cf::thread_pool_executor pool({.max_workers = 1,
                                       .thread_name_prefix = "database",
                                       .initializer = {connect, "db.example", 5432}});
        for (const auto& line : pool.map(query, std::vector<std::string>{"names", "numbers"})) {
            std::cout << line << '\n';
        }
        // p17]
    }

    // The cause goes to the error handler as well; by default that is a line on standard error.
    cf::set_error_handler([](const cf::error_report& report) {
        std::cout << "initializer failed in a thread of " << report.task << '\n';
    });
    cf::thread_pool_executor broken({.max_workers = 1,
                                     .thread_name_prefix = "nowhere",
                                     .initializer = {connect, "db.example", -1}});
    const auto lost = broken.submit(query, "names");
    try {
        lost.result();
    } catch (const cf::broken_thread_pool& error) {
        std::cout << "BrokenThreadPool: " << error.what() << '\n';
        try {
            std::rethrow_if_nested(error);
        } catch (const std::invalid_argument& cause) {
            std::cout << "because " << cause.what() << '\n';
        }
    }
    try {
        broken.submit(query, "numbers");
    } catch (const cf::broken_thread_pool&) {
        std::cout << "and it takes no more work\n";
    }
}
