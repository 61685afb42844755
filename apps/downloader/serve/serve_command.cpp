// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "commands.hpp"
#include "interrupt.hpp"
#include "serve/flag_server.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace downloader {

namespace {

void print_line(const std::string& line)
{
    fmt::print("{}\n", line);
    std::fflush(stdout);
}

} // namespace

int run_serve(const serve_options& options)
{
    interrupt interrupted;
    const flag_images images(options.images);
    const flag_server server({.bind = options.bind,
                              .port = options.port,
                              .delay_min = options.delay_min,
                              .delay_max = options.delay_max,
                              .error_rate = options.error_rate,
                              .seed = options.seed,
                              .log = print_line},
                             images);
    print_line(fmt::format("Serving {} {}flags at {} until Ctrl-C; try {}/br/br.png",
                           images.size(),
                           images.generated() ? "generated " : "",
                           server.base_url(),
                           server.base_url()));
    interrupted.wait();
    print_line(fmt::format("{} requests answered.", server.answered()));
    return 0;
}

} // namespace downloader
