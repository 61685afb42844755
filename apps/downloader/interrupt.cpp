// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "interrupt.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace downloader {

namespace asio = boost::asio;

struct interrupt::impl {
    impl() : signals(context, SIGINT, SIGTERM)
    {
        signals.async_wait([this](const boost::system::error_code& ec, int) {
            if (!ec) {
                boost::system::error_code ignored;
                signals.clear(ignored);
                source.request_stop();
            }
        });
        thread = std::thread([this] { context.run(); });
    }

    ~impl()
    {
        context.stop();
        thread.join();
    }

    asio::io_context context{1};
    asio::signal_set signals;
    std::stop_source source;
    std::thread thread;
};

interrupt::interrupt() : impl_(std::make_unique<impl>()) {}

interrupt::~interrupt() = default;

std::stop_token interrupt::token() const
{
    return impl_->source.get_token();
}

void interrupt::wait()
{
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    changed.wait(lock, token(), [] { return false; });
}

void interrupt::request_stop()
{
    impl_->source.request_stop();
}

void leave(int status) noexcept
{
    std::fflush(nullptr);
    std::_Exit(status);
}

} // namespace downloader
