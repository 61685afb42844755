// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Where worker processes come from. Floor 4; read docs/processes.md for the reasons.

#include <cofutures/detail/cplusplus.hpp>

namespace cofutures::process {

/// How a process pool gets its workers.
///
/// **Python** `mp_context`.
enum class start_method {
    /// From a small single-threaded process that was forked before the program had threads.
    fork_server,
    /// From a copy of the program as it is when the pool is made. Other threads may hold locks then,
    /// which stay locked for ever in the copy.
    fork,
    /// From a new run of this executable that `init` takes over; needs `init` as first line of `main`,
    /// before arguments are parsed. Static objects are made once more there. Refused where the new run
    /// would have rights that the program gave up after `init`.
    spawn,
};

/// Starts the fork server; the first line of `main` in a program that uses process pools.
///
/// In a process that was started to be a fork server (`start_method::spawn`), this call does not return.
/// What exists before this call is copied into every worker; what comes later is not, except for the
/// credentials, root and working directory and umask: each worker has those that the program has when
/// the worker is started, or the pool fails with an error that says what could not be taken on.
///
/// **Python** `if __name__ == "__main__"` and `multiprocessing.set_start_method("forkserver")`.
/// **Lifetime** The fork server ends with this process, however it ends.
/// **Throws** `std::logic_error` if the program has more than one thread already, so that locks of others
/// would stay locked in every worker: the call comes late, or a static object owns a thread. It never runs
/// the program anew instead. `std::system_error` if no process can be made. A second call does nothing.
void init(int argc, char** argv);

/// Whether this process is a worker of a process pool.
bool in_worker() noexcept;

} // namespace cofutures::process
