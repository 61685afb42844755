// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Where the numbers come from: the command line, a range, or a file read line by line.

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace prime_check {

/// The number that `text` spells, or the sentence that says why it is none.
struct parsed_number {
    std::uint64_t number = 0;
    std::string error;
};
parsed_number parse_number(std::string_view text);

/// Numbers one after another, in constant memory whatever their count.
///
/// An input range. It ends at the first line that is no number; `error()` then names source, line and
/// text, so that everything before it can still be checked. Blank lines are skipped.
class number_source {
public:
    virtual ~number_source() = default;

    /// The next number; empty at the end.
    virtual std::optional<std::uint64_t> next() = 0;

    /// How many numbers there are, where that is known.
    virtual std::optional<std::uint64_t> count() const { return std::nullopt; }

    /// Which part has been read, from 0 to 1, where that is known.
    virtual std::optional<double> fraction() const { return std::nullopt; }

    /// Why the numbers ended early; empty if they did not.
    const std::string& error() const noexcept { return error_; }

    class iterator {
    public:
        using value_type = std::uint64_t;
        using difference_type = std::ptrdiff_t;

        explicit iterator(number_source& source) : source_(&source), current_(source.next()) {}
        std::uint64_t operator*() const noexcept { return *current_; }
        iterator& operator++()
        {
            current_ = source_->next();
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const iterator& at, std::default_sentinel_t) noexcept
        {
            return !at.current_;
        }

    private:
        number_source* source_;
        std::optional<std::uint64_t> current_;
    };
    iterator begin() { return iterator(*this); }
    std::default_sentinel_t end() const noexcept { return std::default_sentinel; }

protected:
    void fail(std::string error) { error_ = std::move(error); }

private:
    std::string error_;
};

/// The given numbers.
class number_list final : public number_source {
public:
    explicit number_list(std::vector<std::uint64_t> numbers) : numbers_(std::move(numbers)) {}
    std::optional<std::uint64_t> next() override;
    std::optional<std::uint64_t> count() const override { return numbers_.size(); }
    std::optional<double> fraction() const override;

private:
    std::vector<std::uint64_t> numbers_;
    std::size_t read_ = 0;
};

/// All numbers from `first` to `last`, both included.
class number_range final : public number_source {
public:
    number_range(std::uint64_t first, std::uint64_t last) : first_(first), next_(first), last_(last)
    {}
    std::optional<std::uint64_t> next() override;
    std::optional<std::uint64_t> count() const override;
    std::optional<double> fraction() const override;

private:
    std::uint64_t first_;
    std::optional<std::uint64_t> next_;
    std::uint64_t last_;
};

/// One number a line; `-` is standard input.
class number_file final : public number_source {
public:
    /// A file that cannot be read is an `error()` from the start.
    explicit number_file(const std::string& name);
    std::optional<std::uint64_t> next() override;
    std::optional<double> fraction() const override;

private:
    std::string name_;
    std::ifstream file_;
    std::istream* in_;
    std::uint64_t bytes_ = 0; // of the file, 0 if unknown
    std::uint64_t read_ = 0;
    std::uint64_t line_ = 0;
    std::uint64_t numbers_ = 0;
    std::string text_;
};

} // namespace prime_check
