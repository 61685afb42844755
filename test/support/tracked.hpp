// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// A value that notices when it is copied, moved or forgotten.

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <utility>

namespace cofutures::test {

/// What has happened to a family of `tracked` values. Fails the test if one of them is still alive when
/// the counts go.
struct tracked_counts {
    tracked_counts() = default;
    tracked_counts(const tracked_counts&) = delete;
    tracked_counts& operator=(const tracked_counts&) = delete;
    ~tracked_counts() { EXPECT_EQ(alive, 0) << "tracked values outlived the test"; }

    // Counters; they publish nothing.
    std::atomic<int> copied{0};
    std::atomic<int> moved{0};
    std::atomic<int> alive{0};
};

/// A number on the heap, so that sanitizers see a use after its destruction.
class tracked {
public:
    explicit tracked(tracked_counts& counts, int value = 0)
        : counts_(&counts), value_(std::make_unique<int>(value))
    {
        ++counts_->alive;
    }
    tracked(const tracked& other)
        : counts_(other.counts_), value_(std::make_unique<int>(*other.value_))
    {
        ++counts_->copied;
        ++counts_->alive;
    }
    tracked(tracked&& other) noexcept : counts_(other.counts_), value_(std::move(other.value_))
    {
        ++counts_->moved;
        ++counts_->alive;
    }
    tracked& operator=(tracked other) noexcept
    {
        std::swap(value_, other.value_);
        return *this;
    }
    ~tracked() { --counts_->alive; }

    int value() const { return *value_; }

private:
    tracked_counts* counts_;
    std::unique_ptr<int> value_;
};

} // namespace cofutures::test
