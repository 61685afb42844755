// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "fault_proxy.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace cofutures::test {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

/// Both halves of one relayed connection.
struct relayed {
    relayed(tcp::socket accepted, fault planned)
        : client(std::move(accepted)),
          server(client.get_executor()),
          pause(client.get_executor()),
          plan(planned)
    {}

    void close()
    {
        boost::system::error_code ignored;
        client.close(ignored);
        server.close(ignored);
        pause.cancel();
    }

    void reset()
    {
        boost::system::error_code ignored;
        client.set_option(asio::socket_base::linger(true, 0), ignored);
        server.set_option(asio::socket_base::linger(true, 0), ignored);
        close();
    }

    tcp::socket client;
    tcp::socket server;
    asio::steady_timer pause;
    fault plan;
};

using relayed_ptr = std::shared_ptr<relayed>;

asio::awaitable<void> rest(relayed_ptr connection, std::chrono::milliseconds time)
{
    connection->pause.expires_after(time);
    co_await connection->pause.async_wait(no_throw);
}

/// Writes, `in_slices` byte by byte as planned; false when the other side has gone.
asio::awaitable<bool> pass_on(relayed_ptr connection,
                              tcp::socket& to,
                              const char* bytes,
                              std::size_t size,
                              std::size_t& in_slices)
{
    for (; in_slices != 0 && size != 0; --in_slices, ++bytes, --size) {
        const auto [error, written] =
            co_await asio::async_write(to, asio::buffer(bytes, 1), no_throw);
        if (error) {
            co_return false;
        }
        if (connection->plan.what == fault::kind::trickle) {
            co_await rest(connection, connection->plan.wait);
        }
    }
    const auto [error, written] =
        co_await asio::async_write(to, asio::buffer(bytes, size), no_throw);
    co_return !error;
}

/// Lets the planned fault happen; false when nothing more passes in this direction.
asio::awaitable<bool> strike(relayed_ptr connection)
{
    switch (connection->plan.what) {
    case fault::kind::pause:
        co_await rest(connection, connection->plan.wait);
        break;
    case fault::kind::cut:
        connection->close();
        co_return false;
    case fault::kind::reset:
        connection->reset();
        co_return false;
    case fault::kind::stall:
        co_return false;
    default:
        break;
    }
    co_return connection->client.is_open();
}

/// Passes bytes on in one direction until either side ends.
asio::awaitable<void> relay(relayed_ptr connection, fault::direction where)
{
    const bool to_client = where == fault::direction::to_client;
    tcp::socket& from = to_client ? connection->server : connection->client;
    tcp::socket& to = to_client ? connection->client : connection->server;
    const bool mine = connection->plan.where == where;
    std::size_t healthy = mine ? connection->plan.after : ~std::size_t{0};
    std::size_t in_slices = 0;
    std::array<char, 16384> bytes;

    for (;;) {
        if (mine && healthy == 0) {
            healthy = ~std::size_t{0};
            in_slices = connection->plan.what == fault::kind::slices    ? 300
                        : connection->plan.what == fault::kind::trickle ? 20
                                                                        : 0;
            if (!co_await strike(connection)) {
                break;
            }
        }
        const auto most = std::min(bytes.size(), healthy);
        const auto [error, size] =
            co_await from.async_read_some(asio::buffer(bytes, most), no_throw);
        if (error) {
            connection->close();
            co_return;
        }
        if (!co_await pass_on(connection, to, bytes.data(), size, in_slices)) {
            connection->close();
            co_return;
        }
        healthy -= mine && healthy != ~std::size_t{0} ? size : 0;
    }
    // Stalled: what still arrives from the client shows when it leaves.
    while (!to_client && connection->client.is_open()) {
        const auto [error, size] = co_await from.async_read_some(asio::buffer(bytes), no_throw);
        if (error) {
            connection->close();
        }
    }
}

} // namespace

struct fault_proxy::impl {
    impl(std::uint16_t to, std::function<fault(std::size_t)> chooser)
        : server_port(to), choose(std::move(chooser))
    {
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
            const fault planned = choose(made++);
            change_live(+1);
            asio::co_spawn(context,
                           serve(std::make_shared<relayed>(std::move(socket), planned)),
                           asio::detached);
        }
    }

    asio::awaitable<void> serve(relayed_ptr connection)
    {
        connection->client.set_option(tcp::no_delay(true));
        bool connected = false;
        if (connection->plan.what != fault::kind::never_accept) {
            const auto [error] = co_await connection->server.async_connect(
                {asio::ip::address_v4::loopback(), server_port}, no_throw);
            connected = !error;
        }
        if (connected) {
            asio::co_spawn(context, relay(connection, fault::direction::to_client), asio::detached);
        } else {
            connection->plan = {fault::kind::stall, fault::direction::to_server, 0, {}};
        }
        co_await relay(connection, fault::direction::to_server);
        change_live(-1);
    }

    void change_live(int by)
    {
        const std::lock_guard lock(mutex);
        live += static_cast<std::size_t>(by);
        changed.notify_all();
    }

    const std::uint16_t server_port;
    const std::function<fault(std::size_t)> choose;
    asio::io_context context{1};
    tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
    std::atomic<std::size_t> made{0}; // a count, publishes nothing
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t live = 0; // guarded by mutex
    std::thread thread;
};

fault_proxy::fault_proxy(std::uint16_t server_port, std::function<fault(std::size_t)> choose)
    : impl_(std::make_unique<impl>(server_port, std::move(choose)))
{}

fault_proxy::~fault_proxy() = default;

std::uint16_t fault_proxy::port() const noexcept
{
    boost::system::error_code ignored;
    return impl_->acceptor.local_endpoint(ignored).port();
}

std::size_t fault_proxy::connections() const noexcept
{
    return impl_->made.load(std::memory_order_relaxed);
}

std::size_t fault_proxy::wait_until_all_closed()
{
    std::unique_lock lock(impl_->mutex);
    impl_->changed.wait_for(lock, std::chrono::seconds(10), [this] { return impl_->live == 0; });
    return impl_->live;
}

const char* name_of(fault::kind what)
{
    switch (what) {
    case fault::kind::none:
        return "none";
    case fault::kind::pause:
        return "pause";
    case fault::kind::slices:
        return "slices";
    case fault::kind::trickle:
        return "trickle";
    case fault::kind::cut:
        return "cut";
    case fault::kind::reset:
        return "reset";
    case fault::kind::stall:
        return "stall";
    case fault::kind::never_accept:
        return "never_accept";
    }
    return "?";
}

} // namespace cofutures::test
