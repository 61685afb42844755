// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Input that is computed as it is read, endless if wanted. Used in place of views, which Clang 14 cannot
/// compile from libstdc++ 12.

#include <cstddef>
#include <iterator>
#include <limits>
#include <type_traits>
#include <utility>

namespace cofutures::test {

/// The input range `function(0)`, `function(1)`, …; each element is computed when it is read.
template <typename Function>
class generated_input {
public:
    class iterator {
    public:
        using value_type = std::remove_cvref_t<std::invoke_result_t<const Function&, std::size_t>>;
        using difference_type = std::ptrdiff_t;
        using iterator_concept = std::input_iterator_tag;

        iterator() = default;
        explicit iterator(const generated_input& input) : input_(&input) {}

        value_type operator*() const { return input_->function_(at_); }
        iterator& operator++()
        {
            ++at_;
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const iterator& at, std::default_sentinel_t) { return at.is_end(); }

    private:
        bool is_end() const { return at_ == input_->count_; }

        const generated_input* input_ = nullptr;
        std::size_t at_ = 0;
    };

    explicit generated_input(Function function,
                             std::size_t count = std::numeric_limits<std::size_t>::max())
        : function_(std::move(function)), count_(count)
    {}

    iterator begin() const { return iterator(*this); }
    std::default_sentinel_t end() const { return {}; }

private:
    Function function_;
    std::size_t count_;
};

/// The endless input `first`, `first + 1`, ….
inline auto numbers_from(int first)
{
    return generated_input([first](std::size_t index) { return first + static_cast<int>(index); });
}

} // namespace cofutures::test
