// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// P10: five URLs, five workers, a limit of 60 seconds for each, and one host that does not exist.

#include <cofutures/cofutures.hpp>
#include <cofutures/http/client.hpp>

#include "loopback_site.hpp"

#include <iostream>
#include <unordered_map>

namespace cf = cofutures;
using namespace std::chrono_literals;

int main()
{
    const example::loopback_site web({{"/news", std::string(1234, 'n')},
                                      {"/sports", std::string(987, 's')},
                                      {"/weather", std::string(56, 'w')},
                                      {"/", "hello"}});
    const std::vector<std::string> urls = {web.url("/news", "news.example"),
                                           web.url("/sports", "sports.example"),
                                           web.url("/weather", "news.example"),
                                           web.url("/", "sports.example"),
                                           web.url("/", "nowhere.example")};
    cf::http::client client({.addresses = {{"news.example", {"127.0.0.1"}},
                                           {"sports.example", {"127.0.0.1"}},
                                           {"nowhere.example", {}}}});

    // [p10
    const auto load_url = [&client](const std::string& url, cf::timeout limit) {
        return client.get(url, {.limits = cf::http::time_limits{.total = limit}}).result().body;
    };

    cf::thread_pool_executor pool({.max_workers = 5});
    std::unordered_map<cf::future<std::string>, std::string> future_to_url;
    for (const auto& url : urls) {
        future_to_url.emplace(pool.submit(load_url, url, 60s), url);
    }
    for (const auto& done : cf::as_completed(future_to_url)) {
        const std::string& url = future_to_url.at(done);
        try {
            const std::string& data = done.result();
            std::cout << "'" << url << "' page is " << data.size() << " bytes\n";
        } catch (const std::exception& error) {
            std::cout << "'" << url << "' generated an exception: " << error.what() << '\n';
        }
    }
    // p10]
}
