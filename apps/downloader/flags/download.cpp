// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "flags/download.hpp"

#include <cofutures/as_completed.hpp>
#include <cofutures/asio/async_wait.hpp>
#include <cofutures/asio/io_context_executor.hpp>
#include <cofutures/thread_pool_executor.hpp>

#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <chrono>
#include <vector>

namespace downloader {

namespace {

namespace asio = boost::asio;
namespace cf = cofutures;
namespace http = cofutures::http;

// What every way of waiting works with. It outlives all downloads of a run.
struct session {
    const flags_plan& plan;
    const std::stop_token stop;
    http::client& client;

    cf::future<http::download_result> start(const std::string& code)
    {
        auto download = client.download(plan.url_of(code), plan.file_of(code));
        // A stop may have come since the caller looked, and too early for stop_all() to find this
        // one.
        if (stop.stop_requested()) {
            download.request_stop();
        }
        return download;
    }
};

file_result interrupted(const std::string& code)
{
    return {code, outcome::interrupted, fmt::format("{} interrupted", code)};
}

// The one place where an outcome becomes a report; waits if the download is not done yet.
file_result settle(const std::string& code, const cf::future<http::download_result>& download)
{
    try {
        const http::download_result& got = download.result();
        if (got.ok()) {
            return {code, outcome::downloaded, {}};
        }
        if (got.status == 404) {
            return {code, outcome::not_found, fmt::format("{} not found: {}", code, got.url)};
        }
        return {
            code,
            outcome::failed,
            fmt::format("{} error: HTTP error {} - {}: {}", code, got.status, got.reason, got.url)};
    } catch (const cf::cancelled_error&) {
        return interrupted(code);
    } catch (const http::request_error& error) {
        return {code,
                http::is_timeout(error.code()) ? outcome::timed_out : outcome::failed,
                fmt::format("{} error: {}: {}", code, error.url(), error.reason())};
    } catch (const std::exception& error) {
        return {code, outcome::failed, fmt::format("{} error: {}", code, error.what())};
    }
}

file_result fetch(session& session, const std::string& code)
{
    return session.stop.stop_requested() ? interrupted(code) : settle(code, session.start(code));
}

asio::awaitable<file_result> fetch_awaiting(session& session, std::string code)
{
    if (session.stop.stop_requested()) {
        co_return interrupted(code);
    }
    const cf::future<http::download_result> download = session.start(code);
    co_await cf::async_wait(download);
    co_return settle(code, download);
}

template <typename Report>
void report_as_completed(const std::vector<cf::future<file_result>>& downloads, Report report)
{
    for (const cf::future<file_result>& finished : cf::as_completed(downloads)) {
        report(finished.result());
    }
}

} // namespace

http::client_options client_options_for(const flags_plan& plan)
{
    const cf::timeout limit = plan.timeout;
    return {.max_connections_per_host = plan.connections,
            .limits = {.resolve = limit,
                       .connect = limit,
                       .tls_handshake = limit,
                       .idle = limit,
                       .total = limit},
            .user_agent = "cofutures-downloader"};
}

run_report download_flags(http::client& client,
                          const flags_plan& plan,
                          mode how,
                          const std::stop_token& stop,
                          const std::function<void(const file_result&)>& done)
{
    run_report report;
    report.how = how;
    report.connections = plan.connections;
    const auto begin = std::chrono::steady_clock::now();
    const auto note = [&](const file_result& result) {
        report.files.push_back(result);
        done(result);
    };

    session session{plan, stop, client};
    const std::stop_callback ends_all(stop, [&client] { client.stop_all(); });

    switch (how) {
    case mode::sequential:
        for (const std::string& code : plan.codes) {
            note(fetch(session, code));
        }
        break;
    case mode::threads: {
        cf::thread_pool_executor pool(
            {.max_workers = plan.connections, .thread_name_prefix = "fetch"});
        std::vector<cf::future<file_result>> downloads;
        for (const std::string& code : plan.codes) {
            downloads.push_back(pool.submit(fetch, std::ref(session), code));
        }
        report_as_completed(downloads, note);
        break;
    }
    case mode::coroutines: {
        cf::io_context_executor io;
        std::vector<cf::future<file_result>> downloads;
        for (const std::string& code : plan.codes) {
            downloads.push_back(io.submit(fetch_awaiting, std::ref(session), code));
        }
        report_as_completed(downloads, note);
        break;
    }
    }
    report.elapsed = std::chrono::steady_clock::now() - begin;
    return report;
}

} // namespace downloader
