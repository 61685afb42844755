// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// Files in segments, over connections that break, stall or crawl.

#include <cofutures/completion_queue.hpp>

#include "download_support.hpp"
#include "support/fault_proxy.hpp"
#include "support/file_server.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <random>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cofutures::http {

namespace {

using namespace std::chrono_literals;
using test::fault;
using test::fault_proxy;
using test::file_server;

std::vector<std::string> made_up_files(std::size_t count)
{
    std::vector<std::string> files;
    for (std::size_t i = 0; i < count; ++i) {
        std::mt19937_64 random(i);
        std::string content(20'000 + random() % 380'000, '\0');
        for (char& byte : content) {
            byte = static_cast<char>(random());
        }
        files.push_back(std::move(content));
    }
    return files;
}

fault random_fault(std::mt19937& random)
{
    constexpr fault::kind kinds[] = {fault::kind::none,
                                     fault::kind::none,
                                     fault::kind::pause,
                                     fault::kind::slices,
                                     fault::kind::cut,
                                     fault::kind::reset,
                                     fault::kind::stall,
                                     fault::kind::never_accept};
    fault planned;
    planned.what = kinds[random() % std::size(kinds)];
    planned.where = random() % 4 == 0 ? fault::direction::to_server : fault::direction::to_client;
    planned.after = random() % (random() % 4 == 0 ? 300 : 60'000);
    planned.wait = std::chrono::milliseconds(random() % 2);
    return planned;
}

class HttpSegmentFaults : public download_test {};

// Each file is asked for until it is there: every second one with what the last call has left.
TEST_F(HttpSegmentFaults, NeverLeadToAFileThatIsNotTheServers)
{
    const char* const asked = std::getenv("COFUTURES_FAULT_SCHEDULES");
    const std::size_t schedules = asked != nullptr ? std::strtoul(asked, nullptr, 10) : 1'000;
    constexpr std::size_t at_once = 20;
    const std::vector<std::string> contents_of = made_up_files(50);
    file_server origin(contents_of);
    std::mt19937 random(20'261'122);
    fault_proxy proxy(url(origin.url(0)).port(),
                      [&random](std::size_t) { return random_fault(random); });
    std::size_t right = 0;
    std::size_t failed = 0;
    {
        client client({.max_connections_per_host = 3 * at_once,
                       .limits = {.connect = 5s, .idle = 100ms, .total = 20s}});
        std::size_t begun = 0;
        std::unordered_map<any_future, std::size_t> under_way;
        completion_queue<future<download_result>> done;
        const auto begin = [&](std::size_t number) {
            request_options options{.file = {.resume = number % 2 == 0,
                                             .segments = 1 + number % 5,
                                             .min_segment = 4'000,
                                             .split_after = 0ms}};
            if (number % 3 == 0) {
                options.retries = retry_policy{.max_tries = 3, .first_delay = 1ms};
            }
            auto download = client.download("http://127.0.0.1:" + std::to_string(proxy.port()) +
                                                "/" + std::to_string(number % contents_of.size()),
                                            folder / std::to_string(number),
                                            options);
            under_way.emplace(download, number);
            done.add(std::move(download));
        };
        while (begun < at_once) {
            begin(begun++);
        }
        while (!under_way.empty()) {
            const auto finished = done.pop(60s);
            const auto at = under_way.find(finished);
            const std::size_t number = at->second;
            under_way.erase(at);
            const fs::path path = folder / std::to_string(number);
            try {
                finished.result();
                ASSERT_TRUE(contents(path) == contents_of[number % contents_of.size()]) << number;
                ++right;
                fs::remove(path);
                if (proxy.connections() < schedules) {
                    begin(begun++);
                }
            } catch (const request_error& error) {
                ASSERT_TRUE(is_retryable(error.code())) << number << error.what();
                ASSERT_FALSE(fs::exists(path)) << number;
                ++failed;
                begin(number);
            }
        }
    }
    EXPECT_EQ(proxy.wait_until_all_closed(), 0U);
    EXPECT_GE(proxy.connections(), schedules);
    EXPECT_EQ(files(), 0u) << "a temporary file was left behind";
    EXPECT_GT(failed, schedules / 50);
    std::printf("%zu right, %zu failed, %zu connections\n", right, failed, proxy.connections());
}

} // namespace

} // namespace cofutures::http
