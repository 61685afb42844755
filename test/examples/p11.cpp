// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// P11: headers of one URL by submit, of three as they complete, of three in input order.

#include <cofutures/cofutures.hpp>
#include <cofutures/http/client.hpp>

#include "loopback_site.hpp"

#include <iostream>

namespace cf = cofutures;

int main()
{
    const example::loopback_site web({{"/a", "1"}, {"/bb", "22"}, {"/ccc", "333"}});
    const std::vector<std::string> urls = {web.url("/ccc"), web.url("/bb"), web.url("/a")};
    cf::http::client client;

    // [p11
    const auto length_of = [&client](const std::string& url) {
        const cf::http::response answer = client.head(url).result();
        return "a page of " + std::string(answer.headers.get("Content-Length").value()) + " bytes";
    };
    cf::thread_pool_executor pool({.max_workers = 3});

    std::cout << pool.submit(length_of, urls.front()).result() << '\n';

    std::vector<cf::future<std::string>> lengths;
    for (const auto& url : urls) {
        lengths.push_back(pool.submit(length_of, url));
    }
    std::cout << "as they complete:\n";
    for (const auto& done : cf::as_completed(lengths)) {
        std::cout << done.result() << '\n';
    }

    std::cout << "in input order:\n";
    for (const std::string& length : pool.map(length_of, urls)) {
        std::cout << length << '\n';
    }
    // p11]
}
