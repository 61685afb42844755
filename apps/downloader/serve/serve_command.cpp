// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "commands.hpp"
#include "common/standard_streams.hpp"
#include "interrupt.hpp"
#include "serve/flag_server.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>

namespace downloader {

namespace {

// The lines of the server's thread. One that cannot be written ends the serving: going on unseen is
// not what was asked for.
class request_log {
public:
    explicit request_log(interrupt& ends) : ends_(ends) {}

    void operator()(const std::string& line)
    {
        if (failure_) {
            return;
        }
        try {
            common::write_out(line + "\n");
        } catch (...) {
            failure_ = std::current_exception();
            ends_.request_stop(); // publishes failure_ to whoever waits for that
        }
    }

    void rethrow_failure() const
    {
        if (failure_) {
            std::rethrow_exception(failure_);
        }
    }

private:
    interrupt& ends_;
    std::exception_ptr failure_;
};

} // namespace

int run_serve(const serve_options& options)
{
    interrupt interrupted;
    request_log log(interrupted);
    const flag_images images(options.images);
    std::optional<flag_server> server;
    server.emplace(flag_server_options{.bind = options.bind,
                                       .port = options.port,
                                       .delay_min = options.delay_min,
                                       .delay_max = options.delay_max,
                                       .error_rate = options.error_rate,
                                       .seed = options.seed,
                                       .log = std::ref(log)},
                   images);
    common::write_out(fmt::format("Serving {} {}flags at {} until Ctrl-C; try {}/br/br.png\n",
                                  images.size(),
                                  images.generated() ? "generated " : "",
                                  server->base_url(),
                                  server->base_url()));
    interrupted.wait();
    const std::uint64_t answered = server->answered();
    server.reset(); // its thread writes no more
    log.rethrow_failure();
    common::write_out(fmt::format("{} requests answered.\n", answered));
    return 0;
}

} // namespace downloader
