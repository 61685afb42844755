// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "exchange.hpp"

#include "redirect.hpp"
#include "request_text.hpp"
#include "token.hpp"

#include <cofutures/error.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace cofutures::http::detail {

namespace {

using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::steady_clock;

constexpr std::size_t read_size = 64 * 1024;
constexpr std::size_t file_block = 256 * 1024;

// A body that nobody wants is read to keep the connection, up to here; then the connection goes.
constexpr std::uint64_t discard_limit = 256 * 1024;

// Runs a blocking function on `pool` and resumes where the coroutine was. Not a coroutine itself:
// g++ 12 destroys the captures of lambdas inside co_await expressions twice.
template <typename F>
asio::awaitable<void> run_on(asio::thread_pool& pool, F function)
{
    auto initiate = [&pool](auto handler, F work) {
        asio::post(pool, [handler = std::move(handler), work = std::move(work)]() mutable {
            std::exception_ptr error;
            try {
                work();
            } catch (...) {
                error = std::current_exception();
            }
            const auto executor = asio::get_associated_executor(handler);
            asio::post(executor, [handler = std::move(handler), error]() mutable {
                std::move(handler)(error);
            });
        });
    };
    return asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(
        std::move(initiate), asio::use_awaitable, std::move(function));
}

// What a system_error was given besides its code: what() is "detail: message of the code".
std::string detail_of(const std::system_error& error)
{
    std::string text = error.what();
    const std::string message = error.code().message();
    if (text.ends_with(message)) {
        text.resize(text.size() - message.size());
    }
    return text.ends_with(": ") ? text.substr(0, text.size() - 2) : std::string();
}

} // namespace

exchange_context::exchange_context(asio::any_io_executor executor, client_options client)
    : strand(std::move(executor)), options(std::move(client)),
      pool(options.max_connections_per_host, options.keep_alive)
{
}

asio::ssl::context& exchange_context::tls()
{
    if (!tls_) {
        tls_ = make_tls_context(options.tls.ca_file,
                                options.tls.verification == tls_options::verification::required);
    }
    return *tls_;
}

asio::thread_pool& exchange_context::files()
{
    if (!files_) {
        files_ = std::make_unique<asio::thread_pool>(1);
    }
    return *files_;
}

void body_collector::begin(const response_head& head, std::optional<std::uint64_t> length)
{
    const bool followed = redirects_left_ > 0 && is_redirect(head);
    if (job_.target.empty()) {
        mode_ = followed ? mode::discard : mode::memory;
    } else {
        mode_ = head.ok() ? mode::file : mode::discard;
    }
    if (mode_ == mode::memory && length) {
        // The length is only the server's word: what it announces is not allocated at once.
        bytes.reserve(std::min<std::uint64_t>(*length, 1024 * 1024));
    }
}

void body_collector::append(std::string_view more)
{
    size_ += more.size();
    if (mode_ != mode::discard) {
        bytes.append(more);
    }
}

/// Holds a turn with an origin while a request is made.
class exchange::turn {
public:
    turn(exchange& owner, std::string origin) : owner_(owner), origin_(std::move(origin)) {}
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

    // The connection goes first: the next request must not find one connection too many.
    ~turn()
    {
        owner_.drop_connection();
        owner_.context_.pool.end_turn(origin_);
    }

private:
    exchange& owner_;
    std::string origin_;
};

exchange::exchange(exchange_context& context, exchange_job job, std::unique_ptr<exchange_owner> owner)
    : context_(context), job_(std::move(job)), owner_(std::move(owner)), event_(context.strand),
      timer_(context.strand), timer_expiry_(steady_clock::time_point::max()),
      deadline_(steady_clock::time_point::max())
{
}

void exchange::run()
{
    asio::co_spawn(context_.strand, main(shared_from_this()), asio::detached);
}

asio::awaitable<void> exchange::main(std::shared_ptr<exchange> self)
{
    std::exception_ptr error;
    try {
        co_await self->perform();
    } catch (...) {
        error = self->translated(std::current_exception());
    }
    if (self->file_) {
        auto remove = [&file = self->file_] { file.reset(); };
        co_await run_on(self->context_.files(), std::move(remove));
    }
    self->finished_ = true;
    self->timer_.cancel();
    const std::unique_ptr<exchange_owner> owner = std::move(self->owner_);
    if (!error) {
        owner->succeed(std::move(self->outcome_));
    } else if (self->aborted_ && !self->abort_reason_) {
        owner->cancel();
    } else {
        owner->fail(error);
    }
    owner->finished();
}

asio::awaitable<void> exchange::perform()
{
    for (;;) {
        const std::string origin = job_.message.url.origin();
        co_await wait_for_turn(origin);
        const turn held(*this, origin);
        if (!started_) {
            started_ = true;
            if (!owner_->start()) {
                abort({});
            }
            total_deadline_ = job_.limits.total.deadline();
        }
        require_running();
        if (!co_await attempt(true)) {
            context_.stale.fetch_add(1, std::memory_order_relaxed);
            co_await attempt(false);
        }
        outcome_.head.url = job_.message.url.str();
        if (job_.max_redirects == 0 || !is_redirect(outcome_.head)) {
            break;
        }
        if (outcome_.head.redirects == job_.max_redirects) {
            throw std::system_error(make_error_code(errc::too_many_redirects),
                                    "more than " + std::to_string(job_.max_redirects));
        }
        job_.message = follow_redirect(std::move(job_.message), outcome_.head);
        ++outcome_.head.redirects;
    }
    if (file_) {
        auto commit = [&file = file_] {
            file->commit();
            file.reset();
        };
        co_await run_on(context_.files(), std::move(commit));
        outcome_.path = job_.target;
    }
}

asio::awaitable<void> exchange::wait_for_turn(const std::string& origin)
{
    const auto began = steady_clock::now();
    disarm();
    connection_pool::waiter who{event_};
    context_.pool.take_turn(origin, who);
    while (!who.granted && !aborted_) {
        co_await event_.wait();
    }
    if (aborted_) {
        context_.pool.forget(origin, who);
        require_running();
    }
    if (total_deadline_) {
        *total_deadline_ += steady_clock::now() - began;
    }
}

// Makes the request over one connection; false if that was a kept one which turned out to be closed.
asio::awaitable<bool> exchange::attempt(bool may_use_kept)
{
    const std::string origin = job_.message.url.origin();
    connection_ = may_use_kept ? context_.pool.take_kept(origin) : nullptr;
    const bool kept = connection_ != nullptr;
    if (!kept) {
        co_await open_connection();
    }
    if (kept) {
        context_.reused.fetch_add(1, std::memory_order_relaxed);
    }
    context_.requests.fetch_add(1, std::memory_order_relaxed);

    const std::size_t redirects = outcome_.head.redirects;
    body_collector body(job_, job_.max_redirects - redirects);
    response_parser parser(job_.message.method == "HEAD", job_.max_body, body);
    try {
        co_await converse(parser, body);
    } catch (const std::system_error&) {
        if (kept && !parser.started() && !aborted_ && is_idempotent(job_.message.method)) {
            drop_connection();
            co_return false;
        }
        throw;
    }
    const auto wish = job_.message.headers.get("Connection");
    if (parser.keep_alive() && !(wish && list_contains(*wish, "close"))) {
        context_.pool.keep(origin, std::move(connection_));
    } else {
        drop_connection();
    }
    outcome_.head = std::move(parser.head());
    outcome_.head.redirects = redirects;
    outcome_.size = body.size();
    if (body.kind() == body_collector::mode::memory) {
        outcome_.body = std::move(body.bytes);
    } else if (body.kind() == body_collector::mode::file) {
        disarm();
        co_await flush_to_file(body);
    }
    co_return true;
}

asio::awaitable<void> exchange::converse(response_parser& parser, body_collector& body)
{
    const std::string text = request_text(job_.message, context_.options.user_agent);
    arm(job_.limits.idle, errc::idle_timed_out);
    co_await connection_->write(text);
    require_running();

    const auto buffer = std::make_unique<std::array<char, read_size>>();
    while (!parser.done()) {
        arm(job_.limits.idle, errc::idle_timed_out);
        const std::size_t size = co_await connection_->read_some(asio::buffer(*buffer));
        require_running();
        if (size == 0) {
            parser.feed_end();
            break;
        }
        parser.feed({buffer->data(), size});
        if (body.kind() == body_collector::mode::discard && body.size() > discard_limit) {
            break;
        }
        if (body.kind() == body_collector::mode::file && body.bytes.size() >= file_block) {
            disarm(); // a slow disk is not a silent server
            co_await flush_to_file(body);
            require_running();
        }
    }
    if (!job_.target.empty() && parser.head().status == 206) {
        throw std::system_error(make_error_code(errc::bad_response), "a part where the whole was asked for");
    }
}

asio::awaitable<void> exchange::open_connection()
{
    const bool secure = job_.message.url.scheme() == "https";
    const bool verify = context_.options.tls.verification == tls_options::verification::required;
    arm(job_.limits.resolve, errc::resolve_timed_out);
    std::vector<tcp::endpoint> addresses = co_await resolve();
    require_running();
    connection_ = std::make_unique<connection>(context_.strand, context_.open);
    arm(job_.limits.connect, errc::connect_timed_out);
    co_await connection_->connect(std::move(addresses));
    require_running();
    context_.opened.fetch_add(1, std::memory_order_relaxed);
    if (secure) {
        arm(job_.limits.tls_handshake, errc::tls_handshake_timed_out);
        co_await connection_->handshake(context_.tls(), job_.message.url.host(), verify);
        require_running();
    }
}

// A look-up that may outlive the exchange that asked: a running getaddrinfo() cannot be cancelled.
struct exchange::lookup {
    explicit lookup(const asio::any_io_executor& executor) : resolver(executor) {}

    tcp::resolver resolver;
    bool done = false;
    error_code ec;
    std::vector<tcp::endpoint> endpoints;
};

std::shared_ptr<exchange::lookup> exchange::start_lookup(const std::string& host, std::uint16_t port)
{
    auto search = std::make_shared<lookup>(context_.strand);
    search->resolver.async_resolve(
        host, std::to_string(port),
        [search, self = weak_from_this()](const error_code& ec, const tcp::resolver::results_type& found) {
            search->ec = ec;
            search->endpoints.assign(found.begin(), found.end());
            search->done = true;
            if (const auto waiting = self.lock()) {
                waiting->event_.trigger();
            }
        });
    return search;
}

asio::awaitable<std::vector<tcp::endpoint>> exchange::resolve()
{
    const std::string& host = job_.message.url.host();
    const std::uint16_t port = job_.message.url.port();
    const auto known = context_.options.addresses.find(host);
    const std::vector<std::string> written =
        known == context_.options.addresses.end() ? std::vector{host} : known->second;
    std::vector<tcp::endpoint> endpoints;
    for (const std::string& each : written) {
        error_code ec;
        if (const asio::ip::address address = asio::ip::make_address(each, ec); !ec) {
            endpoints.emplace_back(address, port);
        }
    }
    if (!endpoints.empty()) {
        co_return endpoints;
    }
    if (known != context_.options.addresses.end()) {
        throw std::system_error(make_error_code(errc::host_not_found));
    }

    const std::shared_ptr<lookup> search = start_lookup(host, port);
    while (!search->done && !aborted_) {
        co_await event_.wait();
    }
    require_running();
    if (search->ec) {
        throw std::system_error(make_error_code(errc::host_not_found));
    }
    co_return std::move(search->endpoints);
}

asio::awaitable<void> exchange::flush_to_file(body_collector& body)
{
    auto work = [this, &body] {
        if (!file_) {
            file_ = std::make_unique<temp_file>(job_.target);
        }
        file_->write(body.bytes);
        body.bytes.clear();
    };
    co_await run_on(context_.files(), std::move(work));
}

void exchange::arm(timeout limit, errc code)
{
    constexpr auto never = steady_clock::time_point::max();
    deadline_ = limit.deadline().value_or(never);
    deadline_code_ = code;
    if (total_deadline_ && *total_deadline_ < deadline_) {
        deadline_ = *total_deadline_;
        deadline_code_ = errc::total_timed_out;
    }
    // A timer that runs out earlier looks again then: moving it at every read would cost more.
    if (deadline_ < timer_expiry_) {
        schedule_timer();
    }
}

void exchange::disarm() { deadline_ = steady_clock::time_point::max(); }

void exchange::schedule_timer()
{
    timer_expiry_ = deadline_;
    timer_.expires_at(deadline_);
    timer_.async_wait([self = weak_from_this()](const error_code& ec) {
        if (const auto alive = self.lock(); alive && !ec) {
            alive->on_timer();
        }
    });
}

void exchange::on_timer()
{
    timer_expiry_ = steady_clock::time_point::max();
    if (steady_clock::now() >= deadline_) {
        abort(make_error_code(deadline_code_));
    } else if (deadline_ != steady_clock::time_point::max()) {
        schedule_timer();
    }
}

void exchange::abort(std::error_code reason)
{
    if (finished_ || aborted_) {
        return;
    }
    aborted_ = true;
    abort_reason_ = reason;
    if (connection_) {
        connection_->close();
    }
    event_.trigger();
}

// What an operation returns after abort() may still be a success; it must not be built upon.
void exchange::require_running() const
{
    if (aborted_) {
        throw std::system_error(std::make_error_code(std::errc::operation_canceled));
    }
}

void exchange::drop_connection() noexcept { connection_.reset(); }

// Every failure leaves the client as a request_error that names the URL.
std::exception_ptr exchange::translated(std::exception_ptr error) const
{
    const std::string url = job_.message.url.str();
    if (aborted_ && abort_reason_) {
        return std::make_exception_ptr(request_error(abort_reason_, url));
    }
    try {
        std::rethrow_exception(error);
    } catch (const request_error&) {
        return error;
    } catch (const file_error& file) {
        return std::make_exception_ptr(
            request_error(file.code(), url, job_.target, std::string("cannot ") + file.action()));
    } catch (const std::system_error& system) {
        return std::make_exception_ptr(request_error(system.code(), url, detail_of(system)));
    } catch (...) {
        return error;
    }
}

} // namespace cofutures::http::detail
