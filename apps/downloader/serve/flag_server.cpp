// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "serve/flag_server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <fmt/format.h>

#include <atomic>
#include <cmath>
#include <map>
#include <stdexcept>
#include <thread>
#include <utility>

namespace downloader {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr auto idle_limit = std::chrono::minutes(2);

// A well-mixed number from three others (the finalizer of SplitMix64).
std::uint64_t mixed(std::uint64_t seed, std::string_view path, std::uint64_t visit)
{
    std::uint64_t x = seed + 0x9e3779b97f4a7c15 * (visit + 1);
    for (const char c : path) {
        x = (x ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    }
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

double fraction(std::uint64_t bits)
{
    return static_cast<double>(bits >> 11) / 9007199254740992.0;
}

// "/br/br.png" names the flag "br"; anything else names none.
std::string_view code_of(std::string_view path)
{
    const bool shaped = path.size() == 10 && path[0] == '/' && path[3] == '/' &&
                        path.substr(1, 2) == path.substr(4, 2) && path.substr(6) == ".png";
    return shaped ? path.substr(1, 2) : std::string_view();
}

struct treatment {
    std::chrono::milliseconds delay{0};
    bool fails = false;
};

} // namespace

struct flag_server::impl {
    impl(flag_server_options chosen, const flag_images& flags)
        : options(std::move(chosen)), images(flags), acceptor(context)
    {}

    ~impl()
    {
        context.stop();
        if (thread.joinable()) {
            thread.join();
        }
    }

    void listen();
    treatment decide(const std::string& path);
    http::response<http::string_body> answer(const http::request<http::empty_body>& asked,
                                             bool fails) const;

    static asio::awaitable<void> accept(impl& self);
    static asio::awaitable<void> converse(impl& self, beast::tcp_stream stream);

    flag_server_options options;
    const flag_images& images;
    asio::io_context context{1};
    tcp::acceptor acceptor;
    std::map<std::string, std::uint64_t> visits; // only on the server's thread
    std::atomic<std::uint64_t> answered{0};      // a count for whoever looks; publishes nothing
    std::thread thread;
};

void flag_server::impl::listen()
{
    const std::string where = fmt::format("cannot listen on {}:{}", options.bind, options.port);
    boost::system::error_code ec;
    const auto address = asio::ip::make_address(options.bind, ec);
    if (ec) {
        throw std::system_error(ec, where);
    }
    const tcp::endpoint endpoint(address, options.port);
    acceptor.open(endpoint.protocol(), ec);
    if (!ec) {
        acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
        acceptor.bind(endpoint, ec);
    }
    if (!ec) {
        acceptor.listen(tcp::acceptor::max_listen_connections, ec);
    }
    if (ec) {
        throw std::system_error(ec, where);
    }
}

treatment flag_server::impl::decide(const std::string& path)
{
    // Paths that do not exist share one entry, or a scan of random paths would fill the memory.
    const std::string key = images.find(code_of(path)) == nullptr ? std::string() : path;
    const std::uint64_t bits = mixed(options.seed, path, visits[key]++);
    const auto span = static_cast<double>((options.delay_max - options.delay_min).count());
    return {options.delay_min + std::chrono::milliseconds(std::llround(span * fraction(bits))),
            fraction(mixed(bits, path, 1)) < options.error_rate};
}

http::response<http::string_body>
flag_server::impl::answer(const http::request<http::empty_body>& asked, bool fails) const
{
    http::response<http::string_body> reply;
    reply.version(asked.version());
    reply.set(http::field::server, "cofutures flag server");
    reply.keep_alive(asked.keep_alive());
    const std::string_view target(asked.target().data(), asked.target().size());
    const std::string* image = images.find(code_of(target.substr(0, target.find('?'))));
    if (asked.method() != http::verb::get && asked.method() != http::verb::head) {
        reply.result(http::status::method_not_allowed);
        reply.set(http::field::allow, "GET, HEAD");
    } else if (fails) {
        reply.result(418);
        reply.reason("I'm a teapot");
    } else if (image == nullptr) {
        reply.result(http::status::not_found);
    } else {
        reply.result(http::status::ok);
        reply.set(http::field::content_type, "image/png");
        reply.body() = *image;
    }
    if (reply.result_int() != 200) {
        reply.set(http::field::content_type, "text/plain");
        reply.body() = fmt::format("{} {}\n",
                                   reply.result_int(),
                                   std::string_view(reply.reason().data(), reply.reason().size()));
    }
    reply.prepare_payload();
    if (asked.method() == http::verb::head) {
        reply.body().clear(); // the length stays, as the answer to GET would have it
    }
    return reply;
}

asio::awaitable<void> flag_server::impl::accept(impl& self)
{
    for (;;) {
        boost::system::error_code ec;
        tcp::socket socket =
            co_await self.acceptor.async_accept(asio::redirect_error(asio::use_awaitable, ec));
        if (!ec) {
            asio::co_spawn(
                self.context, converse(self, beast::tcp_stream(std::move(socket))), asio::detached);
            continue;
        }
        if (ec == asio::error::operation_aborted) {
            co_return;
        }
        // Out of descriptors, perhaps: trying again at once would only burn the processor.
        asio::steady_timer pause(self.context, std::chrono::milliseconds(100));
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    }
}

asio::awaitable<void> flag_server::impl::converse(impl& self, beast::tcp_stream stream)
{
    stream.socket().set_option(tcp::no_delay(true));
    beast::flat_buffer buffer;
    bool more = true;
    while (more) {
        boost::system::error_code ec;
        http::request_parser<http::empty_body> parser;
        stream.expires_after(idle_limit);
        co_await http::async_read(
            stream, buffer, parser, asio::redirect_error(asio::use_awaitable, ec));
        if (ec) {
            co_return; // gone, silent, or not speaking HTTP
        }
        const auto asked = parser.release();
        const std::string target(asked.target());
        const std::string path = target.substr(0, target.find('?'));
        const treatment fate = asked.method() == http::verb::get ? self.decide(path) : treatment();
        if (fate.delay.count() > 0) {
            asio::steady_timer timer(self.context, fate.delay);
            co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        }
        auto reply = self.answer(asked, fate.fails);
        more = reply.keep_alive();
        // Counted first: whoever has the answer may look at the count.
        self.answered.fetch_add(1, std::memory_order_relaxed);
        http::response_serializer<http::string_body> serializer(reply);
        stream.expires_after(idle_limit);
        if (asked.method() == http::verb::head) {
            co_await http::async_write_header(
                stream, serializer, asio::redirect_error(asio::use_awaitable, ec));
        } else {
            co_await http::async_write(
                stream, serializer, asio::redirect_error(asio::use_awaitable, ec));
        }
        if (self.options.log) {
            self.options.log(fmt::format("{} {} {} after {} ms{}",
                                         std::string(asked.method_string()),
                                         target,
                                         reply.result_int(),
                                         fate.delay.count(),
                                         ec ? ", but the client had gone away" : ""));
        }
        if (ec) {
            co_return;
        }
    }
    boost::system::error_code ignored;
    stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

flag_server::flag_server(flag_server_options options, const flag_images& images)
{
    using namespace std::chrono_literals;
    if (options.delay_min < 0ms || options.delay_max < options.delay_min) {
        throw std::invalid_argument(
            fmt::format("delays must satisfy 0 <= min <= max, got {} and {} ms",
                        options.delay_min.count(),
                        options.delay_max.count()));
    }
    if (!(options.error_rate >= 0 && options.error_rate <= 1)) {
        throw std::invalid_argument(
            fmt::format("the error rate must be from 0 to 1, got {}", options.error_rate));
    }
    impl_ = std::make_unique<impl>(std::move(options), images);
    impl_->listen();
    asio::co_spawn(impl_->context, impl::accept(*impl_), asio::detached);
    impl_->thread = std::thread([state = impl_.get()] { state->context.run(); });
}

flag_server::~flag_server() = default;

std::uint16_t flag_server::port() const noexcept
{
    return impl_->acceptor.local_endpoint().port();
}

std::string flag_server::base_url() const
{
    const tcp::endpoint where = impl_->acceptor.local_endpoint();
    const std::string address = where.address().to_string();
    return where.address().is_v6() ? fmt::format("http://[{}]:{}", address, where.port())
                                   : fmt::format("http://{}:{}", address, where.port());
}

std::uint64_t flag_server::answered() const noexcept
{
    return impl_->answered.load(std::memory_order_relaxed);
}

} // namespace downloader
