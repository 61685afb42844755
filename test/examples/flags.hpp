// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// What P1, P2 and P4 share: the codes, and how to get and save one flag.

#include <cofutures/http/client.hpp>

#include "loopback_site.hpp"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

namespace example {

namespace cf = cofutures;

/// The 20 most populous countries, sorted.
inline const std::vector<std::string> pop20_cc = {"BD", "BR", "CD", "CN", "DE", "EG", "ET",
                                                  "FR", "ID", "IN", "IR", "JP", "MX", "NG",
                                                  "PH", "PK", "RU", "TR", "US", "VN"};

inline std::string file_name(const std::string& cc)
{
    std::string name;
    for (const char letter : cc) {
        name += static_cast<char>(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
    }
    return name + ".gif";
}

inline std::string target_of(const std::string& cc)
{
    const std::string name = file_name(cc);
    return "/flags/" + name.substr(0, name.find('.')) + "/" + name;
}

inline loopback_site flag_site()
{
    std::map<std::string, std::string> pages;
    for (const auto& cc : pop20_cc) {
        pages[target_of(cc)] = "the flag of " + cc;
    }
    return loopback_site(std::move(pages));
}

inline loopback_site site = flag_site();
inline cf::http::client client({.max_connections_per_host = 20});
inline scratch_folder folder;

inline std::string get_flag(const std::string& cc)
{
    const cf::http::response answer = client.get(site.url(target_of(cc))).result();
    answer.ensure_success();
    return answer.body;
}

inline void save_flag(const std::string& image, const std::string& name)
{
    std::ofstream file(folder / name, std::ios::binary);
    file.exceptions(std::ios::failbit | std::ios::badbit);
    file << image;
    file.close();
}

/// Calls `download_many` with the codes and prints how many flags it got, and how fast.
template <typename DownloadMany>
void run(DownloadMany download_many)
{
    const auto begun = std::chrono::steady_clock::now();
    const std::size_t count = download_many(pop20_cc);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begun;
    std::printf("\n%zu flags downloaded in %.2fs\n", count, elapsed.count());
}

} // namespace example
