// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "slab.hpp"

#include <cofutures/detail/codec_bytes.hpp>
#include <cofutures/detail/process_task.hpp>

#include "status_page.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <new>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

namespace cofutures::detail {

namespace {

// Memory kept for reuse; what comes back beyond it is given to the system.
constexpr std::size_t most_idle_bytes = std::size_t{256} << 20;

} // namespace

slab::slab(std::uint64_t number, std::size_t capacity)
    : number_(number), capacity_(capacity), memory_(make_shared_memory(capacity))
{
    map();
}

slab::slab(std::uint64_t number, std::size_t capacity, unique_fd memory)
    : number_(number), capacity_(capacity), memory_(std::move(memory))
{
    struct stat facts {};
    const int seals = ::fcntl(memory_.get(), F_GET_SEALS);
    // A file that shrinks under a mapping kills whoever reads it with SIGBUS.
    if (::fstat(memory_.get(), &facts) != 0 || seals < 0 || (seals & F_SEAL_SHRINK) == 0 ||
        facts.st_size < 0 || static_cast<std::size_t>(facts.st_size) < capacity_) {
        throw codec_error("a shared payload is smaller than its message says");
    }
}

void slab::map()
{
    void* const place =
        ::mmap(nullptr, capacity_, PROT_READ | PROT_WRITE, MAP_SHARED, memory_.get(), 0);
    if (place == MAP_FAILED) {
        if (errno == ENOMEM) {
            throw std::bad_alloc(); // what a worker beyond its memory limit reports as such
        }
        throw std::system_error(errno, std::system_category(), "cofutures: mapping a payload");
    }
    data_ = static_cast<std::byte*>(place);
}

slab::~slab()
{
    if (data_ != nullptr) {
        ::munmap(data_, capacity_);
    }
}

std::shared_ptr<slab> slab_pool::take(std::size_t size)
{
    std::unique_ptr<slab> chosen;
    std::uint64_t number = 0;
    {
        const std::lock_guard lock(mutex_);
        const auto fits = [size](const auto& idle) {
            return idle->capacity() >= size && idle->capacity() / 4 <= size;
        };
        if (const auto found = std::find_if(idle_.begin(), idle_.end(), fits);
            found != idle_.end()) {
            chosen = std::move(*found);
            idle_.erase(found);
            idle_bytes_ -= chosen->capacity();
        } else {
            number = ++last_number_;
        }
    }
    if (chosen == nullptr) {
        constexpr std::size_t largest_rounded = std::size_t{64} << 20;
        constexpr std::size_t page = 4096;
        const std::size_t rounded =
            size < largest_rounded ? std::bit_ceil(size) : (size + page - 1) / page * page;
        try {
            chosen = std::make_unique<slab>(number, rounded);
        } catch (const std::bad_alloc&) {
            drop_idle(); // what is kept for later is in the way now
            chosen = std::make_unique<slab>(number, rounded);
        }
    }
    return std::shared_ptr<slab>(chosen.release(), [keeper = shared_from_this()](slab* used) {
        keeper->give_back(std::unique_ptr<slab>(used));
    });
}

void slab_pool::give_back(std::unique_ptr<slab> used) noexcept
{
    const std::lock_guard lock(mutex_);
    try {
        if (idle_bytes_ + used->capacity() <= most_idle_bytes) {
            const std::size_t bytes = used->capacity();
            idle_.push_back(std::move(used));
            idle_bytes_ += bytes;
        }
    } catch (...) {
        // No memory to remember it: it is unmapped instead.
    }
}

void slab_pool::drop_idle() noexcept
{
    std::vector<std::unique_ptr<slab>> dropped; // unmapped after the lock is released
    const std::lock_guard lock(mutex_);
    dropped.swap(idle_);
    idle_bytes_ = 0;
}

std::span<std::byte> payload::bytes() const noexcept
{
    return {shared_ ? shared_->data() : bytes_.get(), size_};
}

} // namespace cofutures::detail
