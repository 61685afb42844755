// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

// What docs/http.md quotes, against a scripted server.

#include <cofutures/as_completed.hpp>
#include <cofutures/asio/async_wait.hpp>
#include <cofutures/asio/io_context_executor.hpp>
#include <cofutures/http/client.hpp>

#include "support/scripted_server.hpp"

#include <boost/json/src.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <unistd.h>

namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace cf = cofutures;
using cf::test::refused_port;
using cf::test::scripted_server;

// Redirects std::cout for the life of one test.
class captured_output {
public:
    captured_output() : usual_(std::cout.rdbuf(text_.rdbuf())) {}
    ~captured_output() { std::cout.rdbuf(usual_); }

    captured_output(const captured_output&) = delete;
    captured_output& operator=(const captured_output&) = delete;

    std::string text() const { return text_.str(); }

private:
    std::ostringstream text_;
    std::streambuf* usual_;
};

void fetch_all(const std::vector<std::string>& urls)
{
    // [pages
    cf::http::client client;
    std::unordered_map<cf::future<cf::http::response>, std::string> pages;
    for (const std::string& url : urls) {
        pages.emplace(client.get(url), url);
    }
    for (const auto& page : cf::as_completed(pages)) {
        try {
            std::cout << pages.at(page) << " page is " << page.result().body.size() << " bytes\n";
        } catch (const std::exception& error) {
            std::cout << error.what() << '\n';
        }
    }
    // pages]
}

TEST(HttpGuide, FetchesPagesAsTheyComplete)
{
    scripted_server server;
    const refused_port nobody;
    const std::string refused = "http://127.0.0.1:" + std::to_string(nobody.port()) + "/";
    std::thread answers([&server] {
        auto connection = server.accept();
        connection.read_request();
        connection.write_ok("hello");
        connection.expect_closed();
    });
    captured_output output;

    fetch_all({server.url("/"), refused});
    answers.join();

    EXPECT_NE(output.text().find(server.url("/") + " page is 5 bytes\n"), std::string::npos);
    EXPECT_NE(output.text().find(refused + ": Connection refused\n"), std::string::npos);
}

TEST(HttpGuide, TellsAnObserver)
{
    scripted_server server;
    const std::string url = server.url("/");
    std::thread answers([&server] {
        auto connection = server.accept();
        connection.read_request();
        connection.write_ok("hello");
    });
    captured_output output;
    {
        // [events
        cf::http::client client({.on_event = [](const cf::http::event& what) {
            const auto took = std::chrono::duration_cast<std::chrono::microseconds>(what.took);
            std::cout << what.url << ' ' << name_of(what.what) << " after " << took.count()
                      << " us\n";
        }});
        client.get(url).result();
        // events]
    }
    answers.join();

    EXPECT_NE(output.text().find(url + " first_byte after "), std::string::npos) << output.text();
}

// [coroutine
asio::awaitable<std::string> title_of(cf::http::client& client, std::string url)
{
    cf::http::response page = co_await client.get(url);
    page.ensure_success(); // throws "HTTP 404 Not Found: URL"; without it, a 404 is a response
    const auto begin = page.body.find("<title>");
    const auto end = page.body.find("</title>");
    co_return begin < end ? page.body.substr(begin + 7, end - begin - 7) : "(none)";
}
// coroutine]

TEST(HttpGuide, AwaitsAPage)
{
    scripted_server server;
    cf::http::client client;
    cf::io_context_executor io;

    auto title = io.submit(title_of, std::ref(client), server.url("/"));
    auto connection = server.accept();
    connection.read_request();
    connection.write_ok("<html><title>Flags</title></html>");

    EXPECT_EQ(title.result(10s), "Flags");
}

void save_image(cf::http::client& client,
                const std::string& url,
                const std::filesystem::path& folder)
{
    // [download
    const std::string name = cf::http::url(url).file_name();
    const cf::http::request_options options{.limits = cf::http::time_limits{.total = 60s},
                                            .max_body = 10'000'000};
    cf::http::download_result image = client.download(url, folder / name, options).result();
    if (image.ok()) {
        std::cout << name << " was downloaded...\n";
    } else {
        std::cout << image.url << ": HTTP " << image.status << '\n';
    }
    // download]
}

TEST(HttpGuide, SavesAnImage)
{
    const auto folder =
        std::filesystem::temp_directory_path() / ("cofutures_guide_" + std::to_string(::getpid()));
    std::filesystem::create_directory(folder);
    scripted_server server;
    cf::http::client client;
    captured_output output;
    std::thread answers([&server] {
        auto connection = server.accept();
        connection.read_request();
        connection.write_ok("image");
        connection.read_request();
        connection.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    });

    save_image(client, server.url("/br/br.png"), folder);
    save_image(client, server.url("/xx/xx.png"), folder);
    answers.join();

    EXPECT_TRUE(std::filesystem::exists(folder / "br.png"));
    EXPECT_EQ(output.text(),
              "br.png was downloaded...\n" + server.url("/xx/xx.png") + ": HTTP 404\n");
    std::filesystem::remove_all(folder);
}

void fetch_patiently(const std::string& url)
{
    // [retries
    cf::http::client client({.retries = {.max_tries = 5, .first_delay = 500ms, .budget = 2min}});
    const cf::http::response page = client.get(url).result();
    std::cout << page.status << " after " << page.tries << " tries\n";
    // retries]
}

TEST(HttpGuide, TriesAgain)
{
    scripted_server server;
    captured_output output;
    std::thread answers([&server] {
        auto connection = server.accept();
        connection.read_request();
        connection.write("HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n");
        connection.read_request();
        connection.write_ok("ready");
    });

    fetch_patiently(server.url("/"));
    answers.join();

    EXPECT_EQ(output.text(), "200 after 2 tries\n");
}

void fetch_carefully(cf::http::client& client,
                     const std::string& url,
                     const std::filesystem::path& path,
                     const std::string& sum)
{
    // [resume
    const cf::http::request_options careful{
        .retries = cf::http::retry_policy{.max_tries = 5, .first_delay = 100ms},
        .file = {.resume = true, .checksum = cf::http::checksum(sum), .set_time = true}};
    const cf::http::download_result image = client.download(url, path, careful).result();
    std::cout << image.size - image.resumed_at << " of " << image.size << " bytes were fetched\n";
    // resume]
}

TEST(HttpGuide, GoesOnWithADownload)
{
    const auto path =
        std::filesystem::temp_directory_path() / ("cofutures_guide_" + std::to_string(::getpid()));
    scripted_server server;
    cf::http::client client;
    captured_output output;
    std::thread answers([&server] {
        {
            auto connection = server.accept();
            connection.read_request();
            connection.write("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 10\r\n\r\n0123");
        }
        auto connection = server.accept();
        connection.read_request();
        connection.write("HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\nContent-Length: 6\r\n"
                         "Content-Range: bytes 4-9/10\r\n\r\n456789");
    });

    fetch_carefully(client, server.url("/"), path, "md5:781e5e245d69b566979b86e28d23f2c7");
    answers.join();

    EXPECT_EQ(output.text(), "6 of 10 bytes were fetched\n");
    std::filesystem::remove(path);
}

void fetch_widely(cf::http::client& client,
                  const std::string& url,
                  const std::filesystem::path& path)
{
    // [segments
    const cf::http::request_options wide{.file = {.resume = true, .segments = 4}};
    const cf::http::download_result image = client.download(url, path, wide).result();
    std::cout << image.size << " bytes\n";
    // segments]
}

TEST(HttpGuide, FetchesALargeFile)
{
    const auto path =
        std::filesystem::temp_directory_path() / ("cofutures_wide_" + std::to_string(::getpid()));
    scripted_server server;
    cf::http::client client;
    captured_output output;
    std::thread answers([&server] {
        auto connection = server.accept();
        connection.read_request();
        connection.write_ok("not that large", "ETag: \"v1\"\r\nAccept-Ranges: bytes\r\n");
    });

    fetch_widely(client, server.url("/"), path);
    answers.join();

    EXPECT_EQ(output.text(), "14 bytes\n");
    std::filesystem::remove(path);
}

void place_order(cf::http::client& client, const std::string& url, const std::string& token)
{
    // [json
    const boost::json::value order{{"flag", "br"}, {"count", 2}};
    const cf::http::response answer =
        client
            .post(url,
                  boost::json::serialize(order),
                  {.headers = {{"Content-Type", "application/json"}},
                   .authorization = cf::http::credentials::bearer(token)})
            .result();
    answer.ensure_success();
    std::cout << "order " << boost::json::parse(answer.body).at("number").as_int64() << '\n';
    // json]
}

TEST(HttpGuide, SendsAndReadsJson)
{
    scripted_server server;
    cf::http::client client;
    captured_output output;
    std::thread answers([&server] {
        auto connection = server.accept();
        const std::string request = connection.read_request();
        EXPECT_NE(request.find("\r\nAuthorization: Bearer secret\r\n"), std::string::npos);
        connection.write_ok(R"({"number": 7})");
    });

    place_order(client, server.url("/orders"), "secret");
    answers.join();

    EXPECT_EQ(output.text(), "order 7\n");
}

void upload(cf::http::client& client, const cf::http::url& url, const std::filesystem::path& path)
{
    // [uploads
    client.send({.method = "PUT", .url = url, .body = cf::http::request_body::from_file(path)})
        .result()
        .ensure_success();
    std::ifstream numbers(path);
    auto next_line = [&numbers] {
        std::string line;
        return std::getline(numbers, line) ? std::optional(line + "\n") : std::nullopt;
    };
    client.post(url.str(), cf::http::request_body::from_generator(next_line)).result();
    // uploads]
}

TEST(HttpGuide, SendsAFileAndLines)
{
    const auto path =
        std::filesystem::temp_directory_path() / ("cofutures_guide_" + std::to_string(::getpid()));
    std::ofstream(path) << "one\ntwo\n";
    scripted_server server;
    cf::http::client client;
    std::thread answers([&server] {
        auto connection = server.accept();
        EXPECT_TRUE(connection.read_request().ends_with("\r\n\r\none\ntwo\n"));
        connection.write_ok("stored");
        connection.read_head();
        EXPECT_EQ(connection.read_bytes(23), "4\r\none\n\r\n4\r\ntwo\n\r\n0\r\n\r\n");
        connection.write_ok("stored");
    });

    upload(client, cf::http::url(server.url("/numbers")), path);
    answers.join();

    std::filesystem::remove(path);
}

cf::http::response fetch_as_told(const std::string& url, const std::string& proxy)
{
    // [options
    cf::http::client client({.max_connections = 20,
                             .max_rate = 2'000'000, // bytes per second
                             .limits = {.connect = 3s, .idle = 30s, .total = 5min},
                             .retries = {.max_tries = 5},
                             .proxies = {.http = cf::http::proxy(proxy), .direct = {"localhost"}}});
    // options]
    return client.get(url).result();
}

TEST(HttpGuide, SetsWhatHoldsForAllRequests)
{
    scripted_server server;
    std::thread answers([&server] {
        auto connection = server.accept();
        const std::string request = connection.read_request();
        EXPECT_TRUE(request.starts_with("GET http://flags.example/br HTTP/1.1\r\n")) << request;
        connection.write_ok("by proxy");
    });

    EXPECT_EQ(fetch_as_told("http://flags.example/br", server.url("")).body, "by proxy");
    answers.join();
}

} // namespace
