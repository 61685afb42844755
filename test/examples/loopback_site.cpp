// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "loopback_site.hpp"

#include <cofutures/asio/io_context_executor.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

namespace asio = boost::asio;
namespace cf = cofutures;
using asio::ip::tcp;

namespace example {

namespace {

std::string answer_to(const std::string& request, const std::map<std::string, std::string>& pages)
{
    std::string method, target;
    std::istringstream(request) >> method >> target;
    const auto page = pages.find(target);
    const std::string body = page != pages.end() ? page->second : "not found";
    return (page != pages.end() ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 404 Not Found\r\n") +
           ("Content-Length: " + std::to_string(body.size()) + "\r\n\r\n") +
           (method == "HEAD" ? "" : body);
}

asio::awaitable<void> serve(tcp::socket socket, const std::map<std::string, std::string>& pages)
{
    try {
        std::string buffer;
        for (;;) {
            const std::size_t length = co_await asio::async_read_until(
                socket, asio::dynamic_buffer(buffer), "\r\n\r\n", asio::use_awaitable);
            const std::string answer = answer_to(buffer.substr(0, length), pages);
            buffer.erase(0, length);
            co_await asio::async_write(socket, asio::buffer(answer), asio::use_awaitable);
        }
    } catch (const boost::system::system_error&) {
        // The client has closed the connection, or the site is going down.
    }
}

} // namespace

class loopback_site::impl {
public:
    explicit impl(std::map<std::string, std::string> pages)
        : pages_(std::move(pages)),
          acceptor_(io_.context(), tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
          port_(acceptor_.local_endpoint().port()),
          accepting_(io_.submit(accept, std::ref(*this)))
    {}
    ~impl()
    {
        accepting_.request_stop();
        accepting_.wait();
        for (const auto& session : sessions_) {
            session.request_stop();
        }
    }

    unsigned short port() const { return port_; }

private:
    static asio::awaitable<void> accept(impl& site)
    {
        for (;;) {
            tcp::socket socket = co_await site.acceptor_.async_accept(asio::use_awaitable);
            site.sessions_.push_back(
                site.io_.submit(serve, std::move(socket), std::cref(site.pages_)));
        }
    }

    const std::map<std::string, std::string> pages_;
    std::vector<cf::future<void>> sessions_; // of the I/O thread, until accepting_ is done
    cf::io_context_executor io_;
    tcp::acceptor acceptor_;
    const unsigned short port_;
    cf::future<void> accepting_;
};

loopback_site::loopback_site(std::map<std::string, std::string> pages)
    : impl_(std::make_unique<impl>(std::move(pages)))
{}

loopback_site::~loopback_site() = default;

std::string loopback_site::url(std::string_view target, std::string_view host) const
{
    return "http://" + std::string(host) + ":" + std::to_string(impl_->port()) +
           std::string(target);
}

scratch_folder::scratch_folder()
{
    std::string name = (std::filesystem::temp_directory_path() / "cofutures-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error("no folder could be made like " + name);
    }
    path_ = name;
}

scratch_folder::~scratch_folder()
{
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

} // namespace example
