// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/detail/codec_bytes.hpp>

#include <algorithm>
#include <cstdint>
#include <string>

#include <sys/mman.h>

namespace cofutures {

namespace {

constexpr unsigned deepest_nesting = 500;

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

depth_guard::depth_guard(unsigned& depth) : depth_(depth)
{
    if (depth_ >= deepest_nesting) {
        throw codec_error("values nested more than " + std::to_string(deepest_nesting) +
                          " levels deep cannot be encoded or decoded");
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
