// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The frames between pool and worker, and the messages between pool and fork server. Internal.
///
/// A frame is a header and a body, padded to 16 bytes, so that bodies stay aligned in the receive buffer
/// and views can point into them.

#include "program_traits.hpp"

#include <cstddef>
#include <cstdint>

namespace cofutures::detail {

enum class frame_kind : std::uint32_t {
    // From the pool.
    call = 1,    ///< body: an encoded call
    slab,        ///< body: slab_place; a descriptor comes along
    slab_free,   ///< body: slab_place of the worker's own slab
    module,      ///< body: hash and path of a module
    handler,     ///< body: code_address of an exception_handler
    initializer, ///< body: an encoded call
    // From the worker.
    ready,       ///< initialized
    init_failed, ///< body: exception
    value,       ///< body: an encoded result
    failure,     ///< body: exception
    revoked,     ///< was cancelled before it began
};

struct frame_header {
    frame_kind kind{};
    std::uint32_t flags = 0;
    std::uint64_t sequence = 0; ///< of the task
    std::uint64_t size = 0;     ///< of the body, without padding
    std::uint64_t run_time = 0; ///< nanoseconds, in replies
};

inline constexpr std::uint32_t flag_oversized = 1; ///< the worker keeps too much memory: replace it
inline constexpr std::uint32_t flag_in_slab =
    2; ///< the body is a slab_place, where the real one lies

struct slab_place {
    std::uint64_t slab = 0;
    std::uint64_t size = 0;
};

constexpr std::size_t padded(std::size_t size)
{
    return (size + 15) & ~std::size_t{15};
}
constexpr std::size_t frame_size(std::size_t body)
{
    return sizeof(frame_header) + padded(body);
}
static_assert(sizeof(frame_header) % 16 == 0);

inline constexpr std::uint32_t flag_forget =
    4; ///< the slab will not be used again unless introduced anew

/// A mapped slab keeps its memory in use. Only so many are kept mapped for their next use, and no large ones.
inline constexpr std::size_t most_kept_slabs = 16;
inline constexpr std::size_t largest_kept_slab = std::size_t{128} << 20;

/// Bodies beyond this go through shared memory.
inline constexpr std::size_t largest_inline = 128 * 1024;

// Between pool and fork server, one datagram each.
//
// `connect` brings the pool's socket, the working directory and the root directory; `spawn` the worker's
// socket and page, the two directories and, if there is one, the end of the pipe for standard error.

enum class order_kind : std::uint32_t { connect = 1, spawn, kill };

struct order {
    order_kind kind{};
    std::uint32_t worker = 0; ///< the pool's number for it
    std::int32_t signal = 0;  ///< kill
    std::uint32_t has_stderr = 0;
    std::uint64_t memory_limit = 0; ///< 0: none
    own_report report = {};         ///< connect, spawn
    char name[32] = {};
};

enum class notice_kind : std::uint32_t { welcome = 1, spawned, spawn_failed, refused, exited };

struct notice {
    notice_kind kind{};
    std::uint32_t worker = 0;
    std::int32_t pid = 0;
    std::int32_t status = 0;    ///< as of waitpid; errno for spawn_failed
    std::uint64_t cpu_time = 0; ///< nanoseconds
    std::uint64_t peak_memory = 0;
    trait refused = trait::none; ///< why there can be no worker like the program
};

} // namespace cofutures::detail
