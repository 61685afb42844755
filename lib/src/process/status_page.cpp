// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "status_page.hpp"

#include <climits>

#include <cerrno>
#include <new>
#include <system_error>

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>

namespace cofutures::detail {

static_assert(std::atomic<std::uint64_t>::is_always_lock_free,
              "a lock would not work across processes");

unique_fd make_shared_memory(std::size_t size)
{
    unique_fd memory =
        out_of_the_way(unique_fd(::memfd_create("cofutures", MFD_CLOEXEC | MFD_ALLOW_SEALING)));
    if (!memory || ::ftruncate(memory.get(), static_cast<off_t>(size)) != 0 ||
        ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK) != 0) {
        throw std::system_error(errno, std::system_category(), "cofutures: shared memory");
    }
    return memory;
}

std::shared_ptr<status_page> status_page::make()
{
    return std::make_shared<status_page>(make_shared_memory(sizeof(shared_page)));
}

status_page::status_page(unique_fd memory) : memory_(std::move(memory))
{
    void* const place =
        ::mmap(nullptr, sizeof(shared_page), PROT_READ | PROT_WRITE, MAP_SHARED, memory_.get(), 0);
    if (place == MAP_FAILED) {
        throw std::system_error(errno, std::system_category(), "cofutures: mapping a status page");
    }
    // New memory is all zeros, which is what a new page holds; both processes see the same object.
    page_ = static_cast<shared_page*>(place);
}

status_page::~status_page()
{
    ::munmap(page_, sizeof(shared_page));
}

void status_page::request_stop(std::uint64_t sequence) noexcept
{
    page_->stop.store(stop_word(sequence));
    futex_wake(page_->stop);
}

void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected) noexcept
{
    ::syscall(SYS_futex, &word, FUTEX_WAIT, expected, nullptr, nullptr, 0);
}

void futex_wake(std::atomic<std::uint32_t>& word) noexcept
{
    ::syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

} // namespace cofutures::detail
