// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The process that makes workers, and the way to it. Internal.
///
/// The fork server has one thread and no pool of its own; it forks, reaps and kills, and reports ends.
/// It lives as long as somebody holds the other end of its control socket, so it ends with the program
/// however that ends, and its workers end with it.

#include <cofutures/detail/fork_count.hpp>
#include <cofutures/process/init.hpp>

#include "program_traits.hpp"
#include "unique_fd.hpp"

#include <cstdint>
#include <memory>
#include <mutex>

namespace cofutures::detail {

/// Serves until the control socket is closed. `files` tell about the program.
[[noreturn]] void serve(unique_fd control, proc_files files) noexcept;

/// The program's end of the control socket.
class server_connection {
public:
    explicit server_connection(unique_fd control) noexcept : control_(std::move(control)) {}

    /// A socket of its own for one pool; empty if the server is gone.
    ///
    /// **Throws** `std::system_error` if workers of this server cannot be like the program.
    unique_fd connect();

    /// Whether it was made by this process, and not by one of which this is a forked copy.
    bool is_ours() const noexcept { return generation_ == fork_generation(); }

private:
    const std::uint32_t generation_ = fork_generation();
    std::mutex mutex_;
    unique_fd control_; // guarded by mutex_
};

/// A server for a pool with this start method; the fork server itself is shared by all pools.
///
/// **Throws** `std::system_error`; `std::logic_error` for `spawn` without `process::init`, or where
/// the executable does not come to `process::init` with one thread.
std::shared_ptr<server_connection> server_for(process::start_method method);

/// In a new fork server: drops the program's connection to another one, before its descriptor's number
/// means something else.
void forget_program() noexcept;

/// In a new worker: notes how deep workers are nested.
void enter_worker() noexcept;

} // namespace cofutures::detail
