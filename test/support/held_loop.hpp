// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

#include <cofutures/asio/io_context_executor.hpp>

#include "gate.hpp"

#include <boost/asio/post.hpp>

namespace cofutures::test {

/// Keeps the only thread of an executor's io_context busy until it is released or goes.
class held_loop {
public:
    explicit held_loop(io_context_executor& io)
    {
        boost::asio::post(io.context(), [this] {
            held_.open();
            may_go_.wait();
            gone_.open();
        });
        held_.wait();
    }
    held_loop(const held_loop&) = delete;
    held_loop& operator=(const held_loop&) = delete;
    ~held_loop() { release(); }

    void release()
    {
        may_go_.open();
        gone_.wait();
    }

private:
    gate held_, may_go_, gone_;
};

} // namespace cofutures::test
