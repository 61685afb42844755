// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "origin_server.hpp"

#include "tls_server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <thread>

namespace cofutures::test {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

} // namespace

struct origin_server::impl {
    impl(std::function<raw_answer(const std::string&)> from, const certificates* identity)
        : answer(std::move(from)), secure(identity != nullptr)
    {
        if (secure) {
            identity->use_in(tls.native_handle());
        }
        asio::co_spawn(context, accept_all(), asio::detached);
        thread = std::thread([this] { context.run(); });
    }

    ~impl()
    {
        context.stop();
        thread.join();
    }

    asio::awaitable<void> accept_all()
    {
        for (;;) {
            auto [error, socket] = co_await acceptor.async_accept(no_throw);
            if (error) {
                co_return;
            }
            socket.set_option(tcp::no_delay(true));
            asio::co_spawn(context,
                           secure ? serve_tls(std::move(socket)) : serve_plain(std::move(socket)),
                           asio::detached);
        }
    }

    asio::awaitable<void> serve_plain(tcp::socket socket) { co_await serve(socket); }

    asio::awaitable<void> serve_tls(tcp::socket socket)
    {
        asio::ssl::stream<tcp::socket> stream(std::move(socket), tls);
        const auto [error] =
            co_await stream.async_handshake(asio::ssl::stream_base::server, no_throw);
        if (!error) {
            co_await serve(stream);
            co_await stream.async_shutdown(no_throw);
        }
    }

    template <typename Stream>
    asio::awaitable<void> serve(Stream& stream)
    {
        std::string buffer;
        for (;;) {
            const auto [unread, size] = co_await asio::async_read_until(
                stream, asio::dynamic_buffer(buffer), "\r\n\r\n", no_throw);
            if (unread) {
                co_return;
            }
            const auto begin = buffer.find(' ') + 1;
            const raw_answer next = answer(buffer.substr(begin, buffer.find(' ', begin) - begin));
            buffer.erase(0, size);
            const auto [unsent, sent] =
                co_await asio::async_write(stream, asio::buffer(next.bytes), no_throw);
            if (unsent || next.close) {
                co_return;
            }
        }
    }

    const std::function<raw_answer(const std::string&)> answer;
    const bool secure;
    asio::io_context context{1};
    asio::ssl::context tls{asio::ssl::context::tls_server};
    tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
    std::thread thread;
};

origin_server::origin_server(std::function<raw_answer(const std::string&)> answer,
                             const certificates* identity)
    : impl_(std::make_unique<impl>(std::move(answer), identity))
{}

origin_server::~origin_server() = default;

std::uint16_t origin_server::port() const noexcept
{
    boost::system::error_code ignored;
    return impl_->acceptor.local_endpoint(ignored).port();
}

} // namespace cofutures::test
