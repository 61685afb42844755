// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// A program that hands every kind of object to the library and takes every kind from it. Compiled by
/// one compiler and linked to a library of another, it fails or crashes where the two disagree about
/// what is where.

#include <cofutures/asio/async_wait.hpp>
#include <cofutures/asio/io_context_executor.hpp>
#include <cofutures/cofutures.hpp>
#include <cofutures/http/client.hpp>
#include <cofutures/process_pool_executor.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

namespace cf = cofutures;
namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

int failures = 0;

void expect(bool holds, const char* what)
{
    if (!holds) {
        std::printf("does not hold: %s\n", what);
        ++failures;
    }
}

class reports {
public:
    reports()
    {
        cf::set_error_handler([this](const cf::error_report& report) {
            const std::lock_guard lock(mutex_);
            tasks_.push_back(report.task);
        });
    }
    ~reports() { cf::set_error_handler({}); }

    // Whether the only report so far names the task and this file; forgets it.
    bool only_one_names(const std::string& task)
    {
        const std::lock_guard lock(mutex_);
        const std::vector<std::string> seen = std::exchange(tasks_, {});
        return seen.size() == 1 && seen.front().starts_with(task + " at ") &&
               seen.front().find("boundary.cpp:") != std::string::npos;
    }

private:
    std::mutex mutex_;
    std::vector<std::string> tasks_; // guarded by mutex_
};

void threads()
{
    reports seen;
    std::atomic<int> started = 0;
    {
        cf::thread_pool_executor pool({.max_workers = 2,
                                       .thread_name_prefix = "boundary",
                                       .initializer = [&started] { ++started; }});
        expect(pool.submit([](int a, int b) { return a * b; }, 6, 7).result() == 42, "a result");
        pool.submit(cf::task_options{"named"}, [] { throw std::runtime_error("unseen"); });
        expect(pool.wait_idle(60s), "the pool becomes idle");
        int sum = 0;
        for (const int square : pool.map(
                 {.chunk_size = 3}, [](int n) { return n * n; }, std::vector{1, 2, 3, 4, 5})) {
            sum += square;
        }
        expect(sum == 55, "a map in chunks");
        const std::vector<cf::future<std::string>> futures = {
            pool.submit([] { return std::string(100, 'x'); }),
            pool.submit([] { return std::string("y"); })};
        expect(cf::wait(futures, {.timeout = 60s}).not_done.empty(), "two finished futures");
        expect(cf::when_all(futures).result().size() == 2, "all of two");
        expect(pool.stats().finished >= 3, "counted tasks");
    }
    expect(started >= 1, "an initializer");
    expect(seen.only_one_names("named"), "a report with name and place");

    cf::manual_executor manual;
    cf::future<int> later =
        manual.submit([](const std::stop_token& stop) { return stop.stop_requested() ? 1 : 2; });
    expect(!later.done(), "a task that waits");
    manual.drain();
    expect(later.then([](int n) { return n + 1; }).result(60s) == 3, "a continuation");
}

asio::awaitable<int> doubled(cf::thread_pool_executor& pool, int n)
{
    co_return co_await pool.submit([n] { return 2 * n; });
}

asio::awaitable<void> failing()
{
    throw std::runtime_error("unseen");
    co_return;
}

void coroutines()
{
    reports seen;
    cf::thread_pool_executor pool({.max_workers = 1});
    {
        cf::io_context_executor io({.threads = 2, .blocking = &pool});
        expect(io.submit(doubled, std::ref(pool), 21).result(60s) == 42, "a coroutine's result");
        expect(io.submit(cf::task_options{"called"}, [] { return 7; }).result(60s) == 7,
               "a plain call");
        io.submit(cf::task_options{"coroutine"}, failing);
        expect(io.wait_idle(60s), "the executor becomes idle");
    } // only now has nobody looked at the failure
    expect(seen.only_one_names("coroutine"), "a report of a coroutine with name and place");
}

std::vector<std::string> repeated(const std::string& text, int times)
{
    return std::vector<std::string>(static_cast<std::size_t>(times), text);
}

void processes()
{
    cf::process_pool_executor pool({.max_workers = 1, .max_tasks_per_child = 100});
    const auto texts =
        pool.submit(cf::process::task_options{.name = "texts", .hard_time_limit = 60s},
                    repeated,
                    std::string("text"),
                    3);
    expect(texts.result(60s) == std::vector<std::string>{"text", "text", "text"}, "texts");
    try {
        pool.submit([]() -> int { throw std::invalid_argument("from the worker"); }).result(60s);
        expect(false, "an exception");
    } catch (const std::invalid_argument& error) {
        expect(std::string(error.what()) == "from the worker", "the text of an exception");
    }
    const auto crash = pool.submit([] { std::abort(); });
    try {
        crash.result(60s);
        expect(false, "a crash");
    } catch (const cf::worker_crashed& error) {
        expect(error.signal() == SIGABRT, "the signal of a crash");
    }
    expect(pool.stats().restarts == 1, "one restart");
}

asio::awaitable<void> answer_once(asio::ip::tcp::acceptor& acceptor)
{
    asio::ip::tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    std::string request;
    co_await asio::async_read_until(
        socket, asio::dynamic_buffer(request), "\r\n\r\n", asio::use_awaitable);
    const bool sent_along = request.find("X-Boundary: yes") != std::string::npos;
    const std::string answer = "HTTP/1.1 203 Fine\r\nContent-Length: 4\r\nX-Seen: " +
                               std::string(sent_along ? "yes" : "no") + "\r\n\r\nbody";
    co_await asio::async_write(socket, asio::buffer(answer), asio::use_awaitable);
}

void requests()
{
    cf::io_context_executor io;
    asio::ip::tcp::acceptor acceptor(io.context(),
                                     {asio::ip::make_address("127.0.0.1"), asio::ip::port_type(0)});
    const auto served = io.submit(answer_once, std::ref(acceptor));
    std::atomic<int> events = 0;
    std::atomic<int> status = 0;
    cf::http::client client({.max_connections = 3, .user_agent = "boundary", .io = &io});
    const cf::http::response answer =
        client
            .get("http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/",
                 {.headers = {{"X-Boundary", "yes"}},
                  .retries = cf::http::retry_policy{.max_tries = 2},
                  .on_event =
                      [&](const cf::http::event& event) {
                          ++events;
                          if (event.what == cf::http::event::kind::done) {
                              status = event.status;
                          }
                      }})
            .result(60s);
    served.result(60s);
    expect(answer.status == 203 && answer.body == "body", "an answer");
    expect(answer.headers.get("X-Seen") == "yes", "a header, both ways");
    expect(events >= 4 && status == 203, "events");
    expect(client.stats().requests == 1, "counted requests");
    try {
        client.get("http://127.0.0.1:1/").result(60s);
        expect(false, "a refused connection");
    } catch (const cf::http::request_error& error) {
        expect(error.url() == "http://127.0.0.1:1/", "the URL of an error");
    }
}

} // namespace

int main(int argc, char** argv)
{
    cf::process::init(argc, argv);
    processes();
    threads();
    coroutines();
    requests();
    std::printf("%d failures\n", failures);
    return failures == 0 ? 0 : 1;
}
