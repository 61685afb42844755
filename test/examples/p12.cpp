// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// P12: a list of image URLs; each file gets the name that its URL ends with.

#include <cofutures/cofutures.hpp>
#include <cofutures/http/client.hpp>

#include "loopback_site.hpp"

#include <iostream>

namespace cf = cofutures;

int main()
{
    const example::loopback_site web(
        {{"/photos/forest.jpg", "green"}, {"/photos/lake.jpg", "blue"}, {"/dune.jpg", "sand"}});
    const std::vector<std::string> urls = {
        web.url("/photos/forest.jpg"), web.url("/photos/lake.jpg"), web.url("/dune.jpg")};
    const example::scratch_folder folder;
    cf::http::client client;

    // [p12
    const auto download_image = [&](const std::string& url) {
        const std::string name = url.substr(url.rfind('/') + 1);
        client.download(url, folder / name).result().ensure_success();
        std::cout << name + " was downloaded...\n";
    };

    cf::thread_pool_executor pool;
    for ([[maybe_unused]] auto downloaded : pool.map(download_image, urls)) {
        // Looking at each result lets a failed download throw here.
    }
    // p12]
    for (const char* name : {"forest.jpg", "lake.jpg", "dune.jpg"}) {
        std::cout << name << ": " << std::filesystem::file_size(folder / name) << " bytes\n";
    }
}
