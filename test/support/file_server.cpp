// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "file_server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

namespace cofutures::test {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::size_t piece_size = 4096;

// The value of a header field as our own client writes it; empty if it is not there.
std::string field(const std::string& head, const std::string& name)
{
    const std::size_t at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) {
        return {};
    }
    const std::size_t begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
}

} // namespace

struct file_server::impl {
    explicit impl(std::vector<std::string> served)
        : files(std::move(served)),
          acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0))
    {
        asio::co_spawn(context, accept(*this), asio::detached);
        thread = std::thread([this] { context.run(); });
    }

    ~impl()
    {
        context.stop();
        thread.join();
    }

    static asio::awaitable<void> accept(impl& self)
    {
        while (true) {
            tcp::socket socket = co_await self.acceptor.async_accept(asio::use_awaitable);
            // Little is on its way when the client is killed.
            socket.set_option(asio::socket_base::send_buffer_size(piece_size));
            // Or each piece waits for the delayed acknowledgement of the one before.
            socket.set_option(tcp::no_delay(true));
            asio::co_spawn(self.context, serve(self, std::move(socket)), asio::detached);
        }
    }

    static asio::awaitable<void> serve(impl& self, tcp::socket socket)
    {
        self.change([&] { ++self.open; });
        try {
            std::string buffer;
            while (true) {
                const std::size_t size = co_await asio::async_read_until(
                    socket, asio::dynamic_buffer(buffer), "\r\n\r\n", asio::use_awaitable);
                const std::string head = buffer.substr(0, size);
                buffer.erase(0, size);
                co_await answer(self, socket, head);
            }
        } catch (const boost::system::system_error&) {
            // The client is gone, as tests want it.
        }
        self.change([&] { --self.open; });
    }

    static asio::awaitable<void> answer(impl& self, tcp::socket& socket, std::string head)
    {
        const std::size_t file = std::stoul(head.substr(head.find('/') + 1));
        const std::string& content = self.files.at(file);
        const std::string tag = "\"v" + std::to_string(file) + "\"";
        std::uint64_t from = 0;
        std::uint64_t end = content.size();
        const std::string range = field(head, "Range");
        const std::string condition = field(head, "If-Range");
        if (range.starts_with("bytes=") && (condition.empty() || condition == tag)) {
            from = std::stoull(range.substr(6));
            if (const std::string last = range.substr(range.find('-') + 1); !last.empty()) {
                end = std::stoull(last) + 1;
            }
        }
        self.change([&] { self.requests.push_back({file, from, end}); });

        std::string answer_head = from == 0
                                      ? "HTTP/1.1 200 OK\r\n"
                                      : "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " +
                                            std::to_string(from) + "-" + std::to_string(end - 1) +
                                            "/" + std::to_string(content.size()) + "\r\n";
        answer_head += "ETag: " + tag +
                       "\r\nAccept-Ranges: bytes\r\nContent-Length: " + std::to_string(end - from) +
                       "\r\n\r\n";
        co_await asio::async_write(socket, asio::buffer(answer_head), asio::use_awaitable);
        std::string_view rest = std::string_view(content).substr(from, end - from);
        while (!rest.empty()) {
            const std::string_view piece = rest.substr(0, piece_size);
            rest.remove_prefix(piece.size());
            co_await asio::async_write(
                socket, asio::buffer(piece.data(), piece.size()), asio::use_awaitable);
            self.change([&] { self.sent += piece.size(); });
        }
    }

    template <typename Function>
    void change(Function function)
    {
        const std::lock_guard lock(mutex);
        function();
        had_some = had_some || open > 0;
        most_open = std::max(most_open, open);
        changed.notify_all();
    }

    const std::vector<std::string> files;
    asio::io_context context{1};
    tcp::acceptor acceptor;
    std::thread thread;

    std::mutex mutex; // guards what follows
    std::condition_variable changed;
    std::vector<request> requests;
    std::uint64_t sent = 0;
    std::size_t open = 0;
    std::size_t most_open = 0;
    bool had_some = false;
};

file_server::file_server(std::vector<std::string> files)
    : impl_(std::make_unique<impl>(std::move(files)))
{}

file_server::~file_server() = default;

std::string file_server::url(std::size_t file) const
{
    return "http://127.0.0.1:" + std::to_string(impl_->acceptor.local_endpoint().port()) + "/" +
           std::to_string(file);
}

std::vector<file_server::request> file_server::take_requests()
{
    const std::lock_guard lock(impl_->mutex);
    return std::exchange(impl_->requests, {});
}

std::size_t file_server::most_open() const
{
    const std::lock_guard lock(impl_->mutex);
    return impl_->most_open;
}

void file_server::wait_sent(std::uint64_t bytes)
{
    std::unique_lock lock(impl_->mutex);
    impl_->changed.wait(
        lock, [&] { return impl_->sent >= bytes || (impl_->had_some && impl_->open == 0); });
    impl_->sent = 0;
    impl_->had_some = false;
}

} // namespace cofutures::test
