// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A TCP relay on the loopback interface that damages connections in a chosen way at a chosen byte.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace cofutures::test {

/// What goes wrong on one connection, once so many bytes have passed in one direction.
struct fault {
    enum class kind {
        none,
        pause,        ///< nothing passes for `wait`
        slices,       ///< each of the next 300 bytes is a packet of its own
        trickle,      ///< each of the next 20 bytes is one, with `wait` after it
        cut,          ///< both sides see an orderly end
        reset,        ///< both sides see "connection reset"
        stall,        ///< nothing passes in this direction any more
        never_accept, ///< the connection is made, and nobody is at the other end
    };
    enum class direction { to_client, to_server };

    kind what = kind::none;
    direction where = direction::to_client;
    std::size_t after = 0; ///< bytes
    std::chrono::milliseconds wait{0};
};

const char* name_of(fault::kind what);

/// Listens on a free port and relays each connection to a server.
///
/// Runs on a thread of its own, which the destructor ends together with all connections.
class fault_proxy {
public:
    /// `choose` is asked, on the proxy's thread, for the fault of each connection by its number.
    fault_proxy(std::uint16_t server_port, std::function<fault(std::size_t)> choose);
    ~fault_proxy();

    fault_proxy(const fault_proxy&) = delete;
    fault_proxy& operator=(const fault_proxy&) = delete;

    std::uint16_t port() const noexcept;

    /// How many connections were made so far.
    std::size_t connections() const noexcept;

    /// How many of them the client holds open. Waits up to ten seconds for there to be none.
    std::size_t wait_until_all_closed();

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace cofutures::test
