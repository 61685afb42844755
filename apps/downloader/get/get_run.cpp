// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "get/get_run.hpp"

#include <cofutures/asio/async_wait.hpp>
#include <cofutures/asio/io_context_executor.hpp>
#include <cofutures/error.hpp>
#include <cofutures/http/client.hpp>
#include <cofutures/promise.hpp>

#include "descriptors.hpp"
#include "get/file_check.hpp"
#include "get/target_name.hpp"
#include "get/transfer_watch.hpp"
#include "usage_error.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <filesystem>
#include <iterator>
#include <list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace downloader {

namespace {

namespace asio = boost::asio;
namespace cf = cofutures;
namespace fs = std::filesystem;
namespace http = cofutures::http;

using steady_clock = std::chrono::steady_clock;

constexpr double a_day = 86'400; // in seconds

http::client_options client_options_for(const get_options& options, std::size_t connections)
{
    const std::chrono::duration<double> connecting(options.connect_timeout);
    http::client_options made{
        .max_connections_per_host = static_cast<std::size_t>(options.per_host),
        .max_connections = connections,
        .max_rate = options.limit_rate,
        .max_rate_per_host = options.limit_rate_per_host,
        .limits = {.resolve = connecting,
                   .connect = connecting,
                   .tls_handshake = connecting,
                   .idle = std::chrono::duration<double>(options.idle_timeout),
                   .min_speed = options.min_speed,
                   .min_speed_window = std::chrono::ceil<std::chrono::milliseconds>(
                       std::chrono::duration<double>(std::min(options.min_speed_time, a_day)))},
        .max_redirects = static_cast<std::size_t>(options.max_redirects),
        .insecure_redirects = options.insecure_redirects,
        .retries = {.max_tries = static_cast<std::size_t>(options.retries) + 1},
        .user_agent = "cofutures-downloader",
        .tls = {.ca_file = options.cacert,
                .verification = options.insecure ? http::tls_options::verification::unchecked
                                                 : http::tls_options::verification::required,
                .certificate_file = options.cert,
                .key_file = options.key},
        .addresses = addresses_of(options),
        .unix_socket = options.unix_socket,
        .proxies = proxies_of(options),
        .netrc_file = options.netrc_file};
    if (options.timeout) {
        made.limits.total = std::chrono::duration<double>(*options.timeout);
    }
    return made;
}

// Only its options can be wrong with it.
http::client made_client(const get_options& options, std::size_t connections)
{
    try {
        return http::client(client_options_for(options, connections));
    } catch (const std::invalid_argument& error) {
        throw usage_error(error.what(), std::string(get_usage()));
    }
}

http::request_options request_options_for(const get_options& options)
{
    using existing = http::file_options::existing;
    return {.headers = headers_of(options),
            .file = {.resume = options.resume,
                     .if_exists = options.overwrite ? existing::replace
                                  : options.newer   ? existing::if_newer
                                                    : existing::refuse, // take() has looked
                     .set_time = options.file_times,
                     .sync = options.sync,
                     .segments = static_cast<std::size_t>(options.segments),
                     .min_segment = options.min_segment},
            .authorization = credentials_of(options)};
}

// Where one server may not have all connections, orders for others must be at hand.
std::size_t window_for(const get_options& options, std::size_t connections)
{
    return connections > static_cast<std::size_t>(options.per_host) ? 4 * connections : connections;
}

// A file that is there need not be fetched again: only one that is whole ever gets its final name.
// A folder or a device is in the way.
enum class occupant { nothing, file, other };

occupant occupant_of(const fs::path& path)
{
    std::error_code ignored;
    const fs::file_status status = fs::status(path, ignored);
    return fs::is_regular_file(status) ? occupant::file
           : fs::exists(status)        ? occupant::other
                                       : occupant::nothing;
}

// A download that was ordered.
struct transfer {
    file_ending file;
    std::optional<http::checksum> checksum;
    cf::future<http::download_result> download; // not valid yet while the file there is examined
    steady_clock::time_point begin;             // of the order
    std::shared_ptr<transfer_watch> watch = std::make_shared<transfer_watch>();
    std::optional<steady_clock::time_point> seen{}; // having a connection, for the first time
    bool server_may_name = false;
};

constexpr std::chrono::milliseconds frame_time{100};

// Says how it ended, once the download is done.
file_ending settled(const transfer& ended)
{
    file_ending file = ended.file;
    file.elapsed = steady_clock::now() - ended.begin;
    try {
        const http::download_result& got = ended.download.result();
        file.status = got.status;
        file.final_url = got.url;
        file.size = got.size;
        if (!got.path.empty()) {
            file.path = got.path; // perhaps named by the server
        }
        file.tries = got.tries;
        file.resumed_at = got.resumed_at;
        if (got.kept) {
            file.how = ending::kept;
        } else if (!got.ok() || got.path.empty()) { // a 202 or 204 is a success without a file
            file.how = ending::failed;
            file.problem = fmt::format("HTTP {} {}", got.status, got.reason);
        }
    } catch (const cf::cancelled_error&) {
        file.how = ending::interrupted;
        file.problem = "interrupted";
    } catch (const http::request_error& error) {
        if (error.code() == std::errc::file_exists && occupant_of(file.path) == occupant::file) {
            file.how = ending::kept; // it has appeared meanwhile
            return file;
        }
        file.how = http::is_timeout(error.code()) ? ending::timed_out : ending::failed;
        // After a redirect it may be another URL than the one that was ordered.
        file.final_url = error.url();
        file.problem = error.reason();
    } catch (const std::exception& error) {
        file.how = ending::failed;
        file.problem = error.what();
    }
    return file;
}

} // namespace

// The coroutines of a run, which share one thread, so that nothing here needs a lock. The client
// works on its own: a log that cannot be written for a while does not make a server wait.
class get_run::impl {
public:
    impl(const get_options& options, std::stop_token stop, const get_observer& observer)
        : options_(options),
          stop_(std::move(stop)),
          observer_(observer),
          connections_(std::min(static_cast<std::size_t>(options.jobs), affordable_connections(2))),
          window_(window_for(options, connections_)),
          request_(request_options_for(options)),
          orders_(options, io_, stop_),
          changed_(io_.context(), 1),
          next_frame_(io_.context()),
          client_(made_client(options, connections_)),
          ends_all_(stop_, ender{this})
    {}

    get_tally run()
    {
        auto frames =
            observer_.under_way ? io_.submit(draw, std::ref(*this)) : cf::make_ready_future();
        io_.submit(feed, std::ref(*this)).result();
        frames.result();
        if (failure_) {
            std::rethrow_exception(failure_);
        }
        return tally_;
    }

    const get_tally& tally() const noexcept { return tally_; }

private:
    struct ender {
        impl* run;
        void operator()() const { run->end_all(); }
    };

    bool stopped() const { return stop_.stop_requested() || failure_ != nullptr; }

    static asio::awaitable<void> feed(impl& run)
    {
        try {
            co_await take_orders(run);
        } catch (...) {
            run.fail(std::current_exception());
        }
        while (!run.transfers_.empty()) {
            co_await run.change();
        }
        run.finished_ = true;
        run.next_frame_.cancel();
    }

    static asio::awaitable<void> take_orders(impl& run)
    {
        while (!run.stopped()) {
            std::optional<order> next = co_await run.orders_.next();
            if (!next || run.stopped()) {
                break;
            }
            run.take(std::move(*next));
            while (run.transfers_.size() >= run.window_) {
                co_await run.change();
            }
        }
    }

    static asio::awaitable<void> draw(impl& run)
    {
        while (!run.finished_) {
            run.guard([&run] { run.observer_.under_way(run.snapshot()); });
            run.next_frame_.expires_after(frame_time);
            co_await run.next_frame_.async_wait(asio::as_tuple(asio::use_awaitable));
        }
    }

    run_snapshot snapshot()
    {
        run_snapshot taken{.active = {},
                           .waiting = 0,
                           .counts = tally_,
                           .fetched = fetched_,
                           .expected_total = orders_.expected_total(),
                           .expected_exactly = orders_.total_is_exact()};
        const auto now = steady_clock::now();
        for (transfer& each : transfers_) {
            const transfer_watch::state state = each.watch->now();
            taken.fetched += state.fetched;
            if (!each.seen && state.begun) {
                each.seen = now;
            }
            if (each.seen) {
                taken.active.push_back(
                    {each.file.path.string(), now - *each.seen, state.size, state.length});
            }
        }
        taken.waiting = transfers_.size() - taken.active.size();
        return taken;
    }

    // Waits until a download has ended; only feed() does.
    asio::awaitable<void> change() { co_await changed_.async_receive(asio::use_awaitable); }

    void take(order ordered)
    {
        file_ending file;
        file.place = std::move(ordered.place);
        file.url = std::move(ordered.url);
        file.path = std::move(ordered.path);
        // Where the server may say another name, only its answer tells what is there.
        const occupant now = ordered.server_may_name ? occupant::nothing : occupant_of(file.path);
        if (now == occupant::other && ordered.problem.empty()) {
            ordered.problem = fmt::format("'{}' is there and is not a file", file.path.string());
        }
        const bool there = now == occupant::file;
        // What the file must add up to tells better than a date whether it is the right one.
        const bool checked = there && !options_.overwrite && ordered.checksum;
        const bool kept = there && !options_.overwrite && !options_.newer && !checked;
        if (!ordered.problem.empty()) {
            file.how = ending::failed;
            file.problem = std::move(ordered.problem);
            report(file);
        } else if (kept) {
            file.how = ending::kept;
            report(file);
        } else if (!checked && options_.dry_run) {
            file.how = ending::planned;
            report(file);
        } else {
            transfers_.push_back(
                {std::move(file), std::move(ordered.checksum), {}, steady_clock::now()});
            transfers_.back().server_may_name = ordered.server_may_name;
            io_.submit(follow, std::ref(*this), std::prev(transfers_.end()), checked);
        }
    }

    static asio::awaitable<void>
    follow(impl& run, std::list<transfer>::iterator begun, bool checked)
    {
        file_ending file = begun->file;
        bool good = false;
        if (checked) {
            good = co_await run.io_.submit(adds_up, begun->file.path, *begun->checksum, run.stop_);
        }
        if (good) {
            file.how = ending::kept;
        } else if (run.options_.dry_run) {
            file.how = ending::planned;
        } else if (file.problem = run.make_folder_for(file.path); !file.problem.empty()) {
            file.how = ending::failed;
        } else {
            run.start(*begun, checked);
            co_await cf::async_wait(begun->download);
            file = settled(*begun);
            if (file.how == ending::kept && begun->server_may_name && begun->checksum) {
                good = co_await run.io_.submit(adds_up, file.path, *begun->checksum, run.stop_);
                if (!good) {
                    file.how = ending::failed;
                    file.problem = fmt::format("'{}' is there and is not the expected file",
                                               file.path.string());
                }
            }
        }
        const transfer_watch::state last = begun->watch->now();
        file.phases = last.phases;
        run.fetched_ += last.fetched;
        run.transfers_.erase(begun);
        run.changed_.try_send(boost::system::error_code());
        run.report(file);
    }

    // Of what was checked and did not add up nothing is worth keeping.
    void start(transfer& begun, bool replace)
    {
        http::request_options wishes = request_;
        wishes.file.checksum = begun.checksum;
        wishes.on_event = [watch = begun.watch](const http::event& what) { watch->note(what); };
        if (replace) {
            wishes.file.if_exists = http::file_options::existing::replace;
        }
        if (begun.server_may_name) {
            wishes.file.use_server_name = true;
            wishes.file.if_exists = http::file_options::existing::keep;
        }
        begun.download = client_.download(begun.file.url, begun.file.path, std::move(wishes));
        // A stop may have come since anyone looked, and too early for stop_all() to find this one.
        if (stopped()) {
            begun.download.request_stop();
        }
    }

    // Returns what is wrong; empty if the folder is there.
    std::string make_folder_for(const fs::path& path)
    {
        const fs::path folder = path.parent_path();
        std::error_code error;
        // Most files go where the one before went.
        if (!folder.empty() && folder != made_folder_) {
            fs::create_directories(folder, error);
        }
        if (error) {
            return fmt::format("cannot make the folder '{}': {}", folder.string(), error.message());
        }
        made_folder_ = folder;
        return {};
    }

    void report(file_ending& file)
    {
        if (options_.content_disposition) {
            check_name(file);
        }
        tally_.add(file);
        guard([&] { observer_.ended(file); });
    }

    // What servers call alike is found here, after the fact: what was kept may be another file, which
    // this run has fetched.
    void check_name(file_ending& file)
    {
        if (file.how != ending::downloaded && file.how != ending::kept) {
            return;
        }
        const bool taken = names_.note(file.path.string(), 0).has_value();
        if (taken && file.how == ending::kept) {
            file.how = ending::failed;
            file.problem = fmt::format("the name '{}' is taken by another file of this run",
                                       file.path.string());
        }
    }

    // A log that cannot be written ends the run: going on unseen is not what was asked for.
    template <typename Function>
    void guard(Function function)
    {
        try {
            function();
        } catch (...) {
            fail(std::current_exception());
        }
    }

    // Ends everything; the first reason is the one that run() throws.
    void fail(std::exception_ptr reason)
    {
        if (!failure_) {
            failure_ = std::move(reason);
            end_all();
        }
    }

    void end_all()
    {
        orders_.stop();
        client_.stop_all();
    }

    const get_options& options_;
    const std::stop_token stop_;
    const get_observer& observer_;
    const std::size_t connections_;
    const std::size_t window_;
    const http::request_options request_;
    cf::io_context_executor io_{cf::io_context_options{.thread_name_prefix = "get"}};
    order_source orders_;
    // Holds something from when a download has ended until feed() takes notice.
    asio::experimental::channel<void(boost::system::error_code)> changed_;
    asio::steady_timer next_frame_;
    fs::path made_folder_;          // the last one
    std::list<transfer> transfers_; // in the order in which they were begun
    bool finished_ = false;
    get_tally tally_;
    recent_names names_;        // of the files that are there, where servers may choose them
    std::uint64_t fetched_ = 0; // bytes, of transfers that have ended
    std::exception_ptr failure_;
    http::client client_;
    std::stop_callback<ender> ends_all_;
};

get_run::get_run(const get_options& options,
                 const std::stop_token& stop,
                 const get_observer& observer)
    : impl_(std::make_unique<impl>(options, stop, observer))
{}

get_run::~get_run() = default;

get_tally get_run::run()
{
    return impl_->run();
}

const get_tally& get_run::tally() const noexcept
{
    return impl_->tally();
}

} // namespace downloader
