// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Shared memory for large payloads, kept and used again: fresh pages cost more than copying. Internal.

#include "unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace cofutures::detail {

/// A mapped piece of anonymous shared memory with a number.
class slab {
public:
    slab(std::uint64_t number, std::size_t capacity);

    /// A slab of the other process, mapped when it is first looked at.
    ///
    /// **Throws** `codec_error` if the memory is smaller than claimed, or could become so.
    slab(std::uint64_t number, std::size_t capacity, unique_fd memory);
    slab(const slab&) = delete;
    slab& operator=(const slab&) = delete;
    ~slab();

    std::uint64_t number() const noexcept { return number_; }
    std::size_t capacity() const noexcept { return capacity_; }

    /// Where it lies. Does not throw for a slab made in this process.
    ///
    /// **Throws** `std::bad_alloc` if there is no room for another process's slab.
    std::byte* data()
    {
        if (data_ == nullptr) {
            map();
        }
        return data_;
    }
    int fd() const noexcept { return memory_.get(); }

private:
    void map();

    std::uint64_t number_;
    std::size_t capacity_;
    unique_fd memory_;
    std::byte* data_ = nullptr;
};

/// Slabs that come back when their last user lets go.
///
/// **Thread safety** Safe.
class slab_pool : public std::enable_shared_from_this<slab_pool> {
public:
    /// A slab of at least `size` bytes, preferably one that was used before.
    std::shared_ptr<slab> take(std::size_t size);

private:
    void give_back(std::unique_ptr<slab> used) noexcept;
    void drop_idle() noexcept;

    std::mutex mutex_;
    std::vector<std::unique_ptr<slab>> idle_; // guarded by mutex_
    std::size_t idle_bytes_ = 0;              // guarded by mutex_
    std::uint64_t last_number_ = 0;           // guarded by mutex_
};

} // namespace cofutures::detail
