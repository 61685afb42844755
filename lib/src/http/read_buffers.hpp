// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The memory that responses are read into, handed from one exchange to the next.

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace cofutures::http::detail {

/// Blocks that no exchange uses now.
///
/// A fresh block for every response costs more than a small response itself: the allocator gives
/// the memory back to the system and fetches it again, page by page. The blocks are not zeroed, so
/// that a slow response, of which little arrives at a time, occupies only the pages it needs.
///
/// **Thread safety** None: they belong to the client's strand.
class read_buffers {
public:
    static constexpr std::size_t size = 64 * 1024;

    /// A block in use, until it is destroyed; `store` must outlive it.
    class block {
    public:
        explicit block(read_buffers& store) : store_(store), bytes_(store.take()) {}
        block(const block&) = delete;
        block& operator=(const block&) = delete;
        ~block() { store_.give_back(std::move(bytes_)); }

        char* data() const noexcept { return bytes_.get(); }

    private:
        read_buffers& store_;
        std::unique_ptr<char[]> bytes_;
    };

    read_buffers() { spare_.reserve(most_spare); }

private:
    // Enough for the usual number of connections; after a crowd the rest is freed.
    static constexpr std::size_t most_spare = 32;

    std::unique_ptr<char[]> take()
    {
        if (spare_.empty()) {
            return std::make_unique_for_overwrite<char[]>(size);
        }
        std::unique_ptr<char[]> bytes = std::move(spare_.back());
        spare_.pop_back();
        return bytes;
    }

    void give_back(std::unique_ptr<char[]> bytes) noexcept
    {
        if (spare_.size() < most_spare) {
            spare_.push_back(std::move(bytes));
        }
    }

    std::vector<std::unique_ptr<char[]>> spare_;
};

} // namespace cofutures::http::detail
