// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/asio/io_context_executor.hpp>
#include <cofutures/error.hpp>
#include <cofutures/http/client.hpp>
#include <cofutures/promise.hpp>

#include "../fork_guard.hpp"
#include "../standard_descriptors.hpp"
#include "content_decoder.hpp"
#include "exchange.hpp"
#include "netrc.hpp"
#include "token.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <future>
#include <limits>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <unordered_map>
#include <utility>

#include <sys/un.h>

namespace cofutures::http {

namespace {

namespace asio = boost::asio;

constexpr std::uint64_t memory_limit = 64 * 1024 * 1024;
constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

// The context that a client runs by itself when it was not given one.
struct own_context {
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> work =
        asio::make_work_guard(context);
};

template <typename Result>
Result made_from(detail::exchange_outcome outcome)
{
    Result result;
    static_cast<response_head&>(result) = std::move(outcome.head);
    if constexpr (std::is_same_v<Result, response>) {
        result.body = std::move(outcome.body);
    } else {
        result.path = std::move(outcome.path);
        result.size = outcome.size;
        result.resumed_at = outcome.resumed_at;
        result.kept = outcome.kept;
    }
    return result;
}

// Converts to any result by throwing: what a promise stores as "cancelled" after it had begun.
struct cancelled_result {
    template <typename Result>
    operator Result() const
    {
        throw cancelled_error();
    }
};

template <typename Result>
future<Result> failed(const request_error& error)
{
    return make_exceptional_future<Result>(error);
}

} // namespace

// Everything behind a client. It ends on the strand, once the last exchange is finished.
struct client::impl {
    explicit impl(client_options options)
        : known(options.netrc_file.empty() ? detail::netrc()
                                           : detail::netrc::load(options.netrc_file)),
          own(options.io == nullptr ? std::make_shared<own_context>() : nullptr),
          loop(own ? own->context : options.io->context()),
          context(asio::make_strand(loop), std::move(options))
    {
        context.names.on_idle = [this] { end_if_idle(); };
        if (own) {
            thread = std::thread([running = own] { running->context.run(); });
        }
    }

    template <typename Result>
    future<Result> start(request message, std::filesystem::path target, request_options options);

    template <typename Result>
    future<Result> start(std::string_view method,
                         std::string_view address,
                         request_body body,
                         std::filesystem::path target,
                         request_options options);

    /// Whether this is a forked child's copy, whose thread does not exist there.
    bool is_inherited() const noexcept
    {
        return generation != cofutures::detail::fork_generation();
    }

    void stop_all();
    void finished(const detail::exchange* which);

    /// Stops everything and then deletes this; `gone` is told at last, if there is one.
    void end(std::promise<void>* gone);
    void end_if_idle();

    const std::uint32_t generation = cofutures::detail::fork_generation();
    const detail::netrc known;
    const std::shared_ptr<own_context> own;
    asio::io_context& loop;
    std::thread thread; // runs `own`
    detail::exchange_context context;

    // On the strand only.
    std::unordered_map<const detail::exchange*, std::weak_ptr<detail::exchange>> live;
    bool ending = false;
    std::promise<void>* told = nullptr;
};

namespace {

/// Ties one exchange to the promise of its call.
template <typename Result, typename Client>
class promised_call final : public detail::exchange_owner {
public:
    explicit promised_call(Client& owner) : owner_(owner) {}

    future<Result> get_future() const { return promise_.get_future(); }

    /// Passes `request_stop()` of the future on to the exchange, on its strand.
    void watch(const std::shared_ptr<detail::exchange>& exchange)
    {
        exchange_ = exchange.get();
        stop_.emplace(promise_.get_stop_token(),
                      stopper{owner_.context.strand, exchange, owner_.generation});
    }

    bool start() override { return promise_.set_running_or_notify_cancel(); }

    void succeed(detail::exchange_outcome outcome) override
    {
        promise_.try_set_result(made_from<Result>(std::move(outcome)));
    }

    void fail(std::exception_ptr error) override { promise_.try_set_exception(std::move(error)); }

    void cancel() override
    {
        // Cancels if the call is still queued. If it has begun, a cancelled_error counts as
        // cancelled only after a stop request, and the client's own (stop_all) did not come through
        // the future.
        promise_.get_future().request_stop();
        promise_.try_set_result(cancelled_result());
    }

    void finished() override { owner_.finished(exchange_); }

private:
    struct stopper {
        asio::any_io_executor strand;
        std::weak_ptr<detail::exchange> exchange;
        std::uint32_t generation;

        void operator()() const
        {
            if (generation != cofutures::detail::fork_generation()) {
                return; // a forked child has neither the strand's thread nor, maybe, its locks
            }
            asio::post(strand, [weak = exchange] {
                if (const auto alive = weak.lock()) {
                    alive->stop();
                }
            });
        }
    };

    Client& owner_;
    const detail::exchange* exchange_ = nullptr;
    promise<Result> promise_;
    std::optional<std::stop_callback<stopper>> stop_;
};

} // namespace

template <typename Result>
future<Result>
client::impl::start(request message, std::filesystem::path target, request_options options)
{
    if (is_inherited()) {
        throw executor_shut_down(
            "cofutures: this http client belongs to the process that forked this one");
    }
    for (const auto& [name, value] : options.headers) {
        message.headers.set(name, value);
    }
    if (options.authorization) {
        message.headers.set("Authorization", options.authorization->field());
    } else if (!message.headers.contains("Authorization")) {
        if (context.options.authorization) {
            message.headers.set("Authorization", context.options.authorization->field());
        } else if (const auto found = known.find(message.url.host())) {
            message.headers.set("Authorization", found->field());
        }
    }
    const std::uint64_t usual_limit = target.empty() ? memory_limit : no_limit;
    const bool decode =
        message.method != "HEAD" &&
        options.decode.value_or(target.empty() && !message.headers.contains("Accept-Encoding") &&
                                !message.headers.contains("Range"));
    if (decode && !message.headers.contains("Accept-Encoding")) {
        message.headers.add("Accept-Encoding", std::string(detail::accepted_codings));
    }
    detail::exchange_job job{std::move(message),
                             options.limits.value_or(context.options.limits),
                             options.max_redirects.value_or(context.options.max_redirects),
                             options.max_body.value_or(usual_limit),
                             options.retries.value_or(context.options.retries),
                             decode,
                             context.options.max_decoding_ratio,
                             std::move(target),
                             std::move(options.file),
                             std::nullopt,
                             options.on_event ? std::move(options.on_event)
                                              : context.options.on_event};
    auto call = std::make_unique<promised_call<Result, impl>>(*this);
    auto& ends = *call;
    future<Result> result = ends.get_future();
    auto exchange = std::make_shared<detail::exchange>(context, std::move(job), std::move(call));
    ends.watch(exchange);
    asio::post(context.strand, [this, exchange] {
        live.emplace(exchange.get(), exchange);
        exchange->run();
    });
    return result;
}

template <typename Result>
future<Result> client::impl::start(std::string_view method,
                                   std::string_view address,
                                   request_body body,
                                   std::filesystem::path target,
                                   request_options options)
{
    try {
        return start<Result>(
            request{.method = std::string(method), .url = url(address), .body = std::move(body)},
            std::move(target),
            std::move(options));
    } catch (const request_error& error) {
        return failed<Result>(error);
    }
}

void client::impl::stop_all()
{
    for (const auto& [_, each] : live) {
        if (const auto alive = each.lock()) {
            alive->stop();
        }
    }
}

void client::impl::finished(const detail::exchange* which)
{
    live.erase(which);
    end_if_idle();
}

void client::impl::end(std::promise<void>* gone)
{
    // Every start() was posted before this, so `live` is complete when this runs.
    asio::post(context.strand, [this, gone] {
        ending = true;
        told = gone;
        stop_all();
        end_if_idle();
    });
}

void client::impl::end_if_idle()
{
    // A look-up under way answers on the strand, whatever has become of those who asked.
    if (!ending || !live.empty() || context.names.running() != 0) {
        return;
    }
    ending = false;
    // Not here: the caller may be an exchange, whose connections this takes away.
    asio::post(context.strand, [this] {
        const std::shared_ptr<own_context> last = own;
        std::promise<void>* const gone = told;
        delete this;
        if (last) {
            last->context.stop();
        }
        if (gone != nullptr) {
            gone->set_value();
        }
    });
}

client::client(client_options options)
{
    cofutures::detail::occupy_standard_descriptors();
    if (options.max_connections_per_host == 0) {
        throw std::invalid_argument("cofutures: max_connections_per_host must be 1 or more, got 0");
    }
    if (options.max_connections == std::size_t{0}) {
        throw std::invalid_argument("cofutures: max_connections must be 1 or more, got 0");
    }
    if (options.max_decoding_ratio == 0) {
        throw std::invalid_argument("cofutures: max_decoding_ratio must be 1 or more, got 0");
    }
    if (!detail::is_field_value(options.user_agent)) {
        throw std::invalid_argument("cofutures: user_agent contains a control character");
    }
    if (options.unix_socket.native().size() >= sizeof(sockaddr_un::sun_path)) {
        throw std::invalid_argument("cofutures: unix_socket is too long: '" +
                                    options.unix_socket.string() + "'");
    }
    if (!options.unix_socket.empty() && (options.proxies.http || options.proxies.https)) {
        throw std::invalid_argument(
            "cofutures: there is no way through both unix_socket and a proxy");
    }
    impl_ = std::make_unique<impl>(std::move(options));
}

client::~client()
{
    impl* const ending = impl_.release();
    if (ending->is_inherited()) {
        return; // nobody would ever answer; the copy is left alone
    }
    std::thread thread = std::move(ending->thread);
    // end() may not have returned when its work is done and everything is gone.
    const std::shared_ptr<own_context> alive = ending->own;
    if (ending->loop.get_executor().running_in_this_thread()) {
        // Waiting here, in a callback or coroutine, would be waiting for ourselves.
        ending->end(nullptr);
        if (thread.joinable()) {
            thread.detach();
        }
        return;
    }
    std::promise<void> gone;
    ending->end(&gone);
    gone.get_future().wait();
    if (thread.joinable()) {
        thread.join();
    }
}

future<response> client::get(std::string_view url, request_options options)
{
    return impl_->start<response>("GET", url, {}, {}, std::move(options));
}

future<response> client::head(std::string_view url, request_options options)
{
    return impl_->start<response>("HEAD", url, {}, {}, std::move(options));
}

future<response> client::post(std::string_view url, request_body body, request_options options)
{
    return impl_->start<response>("POST", url, std::move(body), {}, std::move(options));
}

future<response> client::send(request message, request_options options)
{
    return impl_->start<response>(std::move(message), {}, std::move(options));
}

future<download_result>
client::download(std::string_view url, std::filesystem::path path, request_options options)
{
    if (path.empty()) {
        return failed<download_result>(
            request_error(std::make_error_code(std::errc::invalid_argument),
                          redacted(url),
                          path,
                          "cannot create"));
    }
    return impl_->start<download_result>("GET", url, {}, std::move(path), std::move(options));
}

void client::stop_all()
{
    if (impl_->is_inherited()) {
        return;
    }
    asio::post(impl_->context.strand, [state = impl_.get()] { state->stop_all(); });
}

client_stats client::stats() const
{
    const detail::exchange_context& context = impl_->context;
    return {.requests = context.requests.load(std::memory_order_relaxed),
            .connections_opened = context.opened.load(std::memory_order_relaxed),
            .connections_reused = context.reused.load(std::memory_order_relaxed),
            .stale_retries = context.stale.load(std::memory_order_relaxed),
            .retries = context.retries.load(std::memory_order_relaxed),
            .tls_resumed = context.tls_resumed.load(std::memory_order_relaxed),
            .connections_open = context.open.load(std::memory_order_relaxed)};
}

} // namespace cofutures::http
