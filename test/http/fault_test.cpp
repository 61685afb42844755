// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// The client on connections that break, stall or crawl at every kind of place.

#include <cofutures/completion_queue.hpp>
#include <cofutures/http/client.hpp>

#include "support/fault_proxy.hpp"
#include "support/origin_server.hpp"
#include "support/tls_server.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include <unistd.h>

namespace cofutures::http {

namespace {

using namespace std::chrono_literals;
using test::certificates;
using test::fault;
using test::fault_proxy;
using test::origin_server;
using test::raw_answer;

constexpr auto watchdog = 60s;

/// Short enough for a test, and long against what a pause or a trickle takes.
constexpr time_limits short_limits{
    .connect = 2s, .tls_handshake = 1500ms, .idle = 1500ms, .total = 20s};

class temporary_folder {
public:
    temporary_folder()
    {
        std::string name = (std::filesystem::temp_directory_path() / "faults_XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~temporary_folder() { std::filesystem::remove_all(path_); }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

std::string body_of(std::size_t number)
{
    std::mt19937 random(static_cast<unsigned>(number));
    std::string body(1 + random() % 6000, '\0');
    for (char& byte : body) {
        byte = static_cast<char>(random());
    }
    return body;
}

std::string chunked(const std::string& body)
{
    std::string text;
    constexpr std::size_t size = 1000;
    for (std::size_t at = 0; at < body.size(); at += size) {
        const std::string chunk = body.substr(at, size);
        char line[16];
        std::snprintf(line, sizeof line, "%zx\r\n", chunk.size());
        text += line + chunk + "\r\n";
    }
    return text + "0\r\nX-Check: trailer\r\n\r\n";
}

/// The target is "/NUMBER": even numbers have a length, odd ones come in chunks with a trailer, and every
/// third one is the last of its connection.
raw_answer answer(const std::string& target)
{
    const std::size_t number = std::strtoul(target.c_str() + 1, nullptr, 10);
    const std::string body = body_of(number);
    const bool last = number % 3 == 0;
    const std::string head =
        std::string("HTTP/1.1 200 OK\r\n") + (last ? "Connection: close\r\n" : "");
    if (number % 2 == 0) {
        return {head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body, last};
    }
    return {head + "Transfer-Encoding: chunked\r\nTrailer: X-Check\r\n\r\n" + chunked(body), last};
}

std::string outcome_of(const future<response>& call, const std::string& wanted)
{
    try {
        return call.result(watchdog).body == wanted ? "right" : "WRONG BODY";
    } catch (const request_error& error) {
        const std::error_code code = error.code();
        return is_timeout(code) ? "timed out" : is_retryable(code) ? "lost" : error.what();
    }
}

/// Everywhere in a chunked answer of about 2,500 bytes.
constexpr std::size_t status_line = 5;
constexpr std::size_t header = 30;
constexpr std::size_t chunk_size = 66;
constexpr std::size_t body = 700;

struct place {
    const char* name;
    std::size_t after;
};

std::vector<place> places(std::size_t length)
{
    return {{"nothing yet", 0},
            {"status line", status_line},
            {"header", header},
            {"chunk size", chunk_size},
            {"body", body},
            {"trailer", length - 10}};
}

const std::string fixed_body(2500, 'b');

std::string expected_of(fault::kind what)
{
    switch (what) {
    case fault::kind::cut:
    case fault::kind::reset:
        return "lost";
    case fault::kind::stall:
    case fault::kind::never_accept:
        return "timed out";
    default:
        return "right";
    }
}

constexpr fault::kind every_kind[] = {fault::kind::none,
                                      fault::kind::pause,
                                      fault::kind::slices,
                                      fault::kind::trickle,
                                      fault::kind::cut,
                                      fault::kind::reset,
                                      fault::kind::stall,
                                      fault::kind::never_accept};

TEST(HttpClientFaults, HaveADocumentedOutcomeAtEveryPlaceOfAnAnswer)
{
    const std::string bytes =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Check\r\n\r\n" +
        chunked(fixed_body);
    ASSERT_EQ(bytes.substr(chunk_size, 2), "e8") << "within the first chunk's size";
    origin_server origin([&](const std::string&) { return raw_answer{bytes}; });
    struct running {
        std::string what;
        std::string expected;
        std::unique_ptr<fault_proxy> proxy;
        future<response> call;
    };
    client client({.limits = short_limits});
    std::vector<running> all;
    for (const fault::kind what : every_kind) {
        for (const place& where : places(bytes.size())) {
            auto proxy = std::make_unique<fault_proxy>(origin.port(), [=](std::size_t) {
                return fault{what, fault::direction::to_client, where.after, 5ms};
            });
            auto call = client.get("http://127.0.0.1:" + std::to_string(proxy->port()) + "/");
            all.push_back({std::string(name_of(what)) + " in " + where.name,
                           expected_of(what),
                           std::move(proxy),
                           std::move(call)});
        }
    }

    for (const running& each : all) {
        EXPECT_EQ(outcome_of(each.call, fixed_body), each.expected) << each.what;
    }
}

TEST(HttpClientFaults, HaveADocumentedOutcomeInTheTlsHandshake)
{
    const certificates identity;
    const temporary_folder folder;
    identity.save_authority(folder.path() / "ca.pem");
    origin_server origin([](const std::string&) { return answer("/8"); }, &identity);
    client client({.limits = short_limits, .tls = {.ca_file = folder.path() / "ca.pem"}});
    struct running {
        std::string what;
        fault::kind kind;
        std::unique_ptr<fault_proxy> proxy;
        future<response> call;
    };
    std::vector<running> all;
    for (const fault::kind what : every_kind) {
        for (const auto where : {fault::direction::to_client, fault::direction::to_server}) {
            for (const std::size_t after :
                 {0, 3, 60, 200, 330}) { // 330: the client's second flight
                auto proxy = std::make_unique<fault_proxy>(origin.port(), [=](std::size_t) {
                    return fault{what, where, after, 5ms};
                });
                auto call = client.get("https://127.0.0.1:" + std::to_string(proxy->port()) + "/");
                all.push_back({std::string(name_of(what)) + " after " + std::to_string(after),
                               what,
                               std::move(proxy),
                               std::move(call)});
            }
        }
    }

    for (const running& each : all) {
        const std::string outcome = outcome_of(each.call, body_of(8));
        if (expected_of(each.kind) == "lost") {
            EXPECT_TRUE(outcome == "lost" || outcome.find("TLS") != std::string::npos)
                << each.what << ": " << outcome;
        } else {
            EXPECT_EQ(outcome, expected_of(each.kind)) << each.what;
        }
    }
}

fault random_fault(std::mt19937& random)
{
    fault planned;
    planned.what = every_kind[random() % std::size(every_kind)];
    planned.where = random() % 4 == 0 ? fault::direction::to_server : fault::direction::to_client;
    // Half of them early, where the delicate parts are; the others up to several answers later.
    planned.after = random() % (random() % 2 == 0 ? 120 : 20'000);
    planned.wait = std::chrono::milliseconds(random() % 2);
    return planned;
}

std::size_t open_descriptors()
{
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator("/proc/self/fd")) {
        ++count;
    }
    return count;
}

TEST(HttpClientFaults, OfTenThousandRandomSchedulesLeaveOnlyWholeFiles)
{
    const char* const asked = std::getenv("COFUTURES_FAULT_SCHEDULES");
    const std::size_t schedules = asked != nullptr ? std::strtoul(asked, nullptr, 10) : 10'000;
    constexpr std::size_t at_once = 200;
    const temporary_folder folder;
    const std::size_t descriptors = open_descriptors();
    std::size_t right = 0;
    std::size_t failed = 0;
    {
        origin_server origin(answer);
        std::mt19937 random(20'261'121);
        fault_proxy proxy(origin.port(), [&](std::size_t) { return random_fault(random); });
        const std::string base = "http://127.0.0.1:" + std::to_string(proxy.port()) + "/";
        {
            client client({.max_connections_per_host = at_once,
                           .limits = {.connect = 5s, .idle = 100ms, .total = 10s}});
            std::size_t begun = 0;
            struct file {
                std::size_t number;
                std::filesystem::path path;
            };
            std::unordered_map<any_future, file> under_way;
            completion_queue<future<download_result>> done;
            const auto begin_one = [&] {
                const file next{begun, folder.path() / std::to_string(begun)};
                ++begun;
                auto call = client.download(base + std::to_string(next.number), next.path);
                under_way.emplace(call, next);
                done.add(std::move(call));
            };
            while (begun != at_once) {
                begin_one();
            }
            while (!under_way.empty()) {
                const auto finished = done.pop(watchdog);
                const auto at = under_way.find(finished);
                const file& target = at->second;
                try {
                    finished.result();
                    std::ifstream in(target.path, std::ios::binary);
                    const std::string stored(std::istreambuf_iterator<char>(in), {});
                    ASSERT_EQ(stored, body_of(target.number)) << target.number;
                    ++right;
                } catch (const request_error& error) {
                    ASSERT_TRUE(is_retryable(error.code())) << target.number << error.what();
                    ASSERT_FALSE(std::filesystem::exists(target.path)) << target.number;
                    ++failed;
                }
                std::filesystem::remove(target.path);
                under_way.erase(at);
                if (proxy.connections() < schedules) {
                    begin_one();
                }
            }
        }
        EXPECT_EQ(proxy.wait_until_all_closed(), 0U);
        EXPECT_GE(proxy.connections(), schedules);
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "a temporary file was left behind";
    EXPECT_EQ(open_descriptors(), descriptors);
    EXPECT_GT(right, schedules / 4);
    EXPECT_GT(failed, schedules / 4);
    std::printf("%zu right, %zu failed\n", right, failed);
}

} // namespace

} // namespace cofutures::http
