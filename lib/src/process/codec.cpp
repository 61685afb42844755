// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/detail/codec_bytes.hpp>

#include <algorithm>
#include <cstdint>
#include <string>

#include <pthread.h>
#include <sys/mman.h>

namespace cofutures {

namespace {

constexpr unsigned deepest_nesting = 500;

// What a level may put on the stack besides a few copies of its object.
constexpr std::size_t stack_reserve = std::size_t{128} << 10;
constexpr std::size_t copies_of_object = 8;

struct stack_bounds {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
};

/// The stack of this thread; empty where that cannot be told.
stack_bounds own_stack() noexcept
{
    stack_bounds bounds;
    pthread_attr_t attributes;
    if (::pthread_getattr_np(::pthread_self(), &attributes) == 0) {
        void* begin = nullptr;
        std::size_t size = 0;
        if (::pthread_attr_getstack(&attributes, &begin, &size) == 0) {
            bounds.begin = reinterpret_cast<std::uintptr_t>(begin);
            bounds.end = bounds.begin + size;
        }
        ::pthread_attr_destroy(&attributes);
    }
    return bounds;
}

bool stack_nearly_ends(std::size_t object_size) noexcept
{
    thread_local const stack_bounds stack = own_stack();
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    // Elsewhere: a fiber, whose stack is known to its library only.
    return here > stack.begin && here < stack.end &&
           (here - stack.begin) / copies_of_object < object_size + stack_reserve / copies_of_object;
}

} // namespace

void byte_buffer::grow(std::size_t more)
{
    const std::size_t needed = size_ + more;
    const std::size_t larger = std::max({needed, capacity_ * 2, std::size_t{64}});
    auto moved = std::make_unique_for_overwrite<std::byte[]>(larger);
    if (size_ != 0) {
        std::memcpy(moved.get(), data_.get(), size_);
    }
    data_ = std::move(moved);
    capacity_ = larger;
}

namespace detail {

void prefer_huge_pages(void* place, std::size_t size) noexcept
{
    constexpr std::size_t worth_a_call = std::size_t{4} << 20;
    constexpr std::uintptr_t page = 4096;
    if (size < worth_a_call) {
        return;
    }
    const auto address = reinterpret_cast<std::uintptr_t>(place);
    const std::uintptr_t first = (address + page - 1) / page * page;
    const std::uintptr_t end = (address + size) / page * page;
    // A request only: where it is refused, the pages are usual ones.
    ::madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
}

depth_guard::depth_guard(unsigned& depth, std::size_t object_size) : depth_(depth)
{
    if (depth_ >= deepest_nesting || (depth_ != 0 && stack_nearly_ends(object_size))) {
        throw codec_error("values nested " +
                          (depth_ >= deepest_nesting
                               ? "more than " + std::to_string(deepest_nesting)
                               : std::to_string(depth_)) +
                          " levels deep cannot be encoded or decoded" +
                          (depth_ >= deepest_nesting ? "" : " on this thread's stack"));
    }
    ++depth_;
}

} // namespace detail

void encoder::require_room(std::size_t count) const
{
    if (count > place_.size() - written_) {
        throw codec_error("the value grew between being measured and being encoded");
    }
}

void encoder::write_in_place(const void* bytes, std::size_t count)
{
    require_room(count);
    std::memcpy(place_.data() + written_, bytes, count);
}

std::size_t decoder::read_count(std::size_t smallest)
{
    std::uint64_t count = 0;
    read(&count, sizeof count);
    if (count > remaining() / std::max(smallest, std::size_t{1})) {
        throw codec_error("the message claims " + std::to_string(count) + " elements of at least " +
                          std::to_string(std::max(smallest, std::size_t{1})) + " bytes, but only " +
                          std::to_string(remaining()) + " bytes follow");
    }
    return static_cast<std::size_t>(count);
}

void decoder::require_end() const
{
    if (remaining() != 0) {
        throw codec_error(std::to_string(remaining()) + " bytes are left over after the value");
    }
}

void decoder::throw_truncated(std::size_t wanted) const
{
    throw codec_error("the message ends at byte " + std::to_string(bytes_.size()) + ", but " +
                      std::to_string(wanted) + " bytes are needed from byte " +
                      std::to_string(position_));
}

} // namespace cofutures
