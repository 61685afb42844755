// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The two archives of the codec: bytes out, bytes in. Floor 4; read codec.hpp first.

#include <cofutures/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

namespace cofutures {

/// Bytes that are not what they should be, or a value that has no bytes.
class codec_error : public error {
public:
    using error::error;
};

/// A growing array of bytes whose storage is not zeroed first.
class byte_buffer {
public:
    byte_buffer() noexcept = default;
    byte_buffer(byte_buffer&& other) noexcept
        : data_(std::move(other.data_)),
          size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0))
    {}
    byte_buffer& operator=(byte_buffer&& other) noexcept
    {
        data_ = std::move(other.data_);
        size_ = std::exchange(other.size_, 0);
        capacity_ = std::exchange(other.capacity_, 0);
        return *this;
    }

    std::byte* data() noexcept { return data_.get(); }
    const std::byte* data() const noexcept { return data_.get(); }
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    void clear() noexcept { size_ = 0; }
    operator std::span<const std::byte>() const noexcept { return {data_.get(), size_}; }

    void append(const void* bytes, std::size_t count)
    {
        if (count != 0) {
            std::memcpy(extend(count), bytes, count);
        }
    }

    /// Makes room for `count` more bytes and returns the place, its contents undefined.
    std::byte* extend(std::size_t count)
    {
        if (count > capacity_ - size_) {
            grow(count);
        }
        std::byte* const place = data_.get() + size_;
        size_ += count;
        return place;
    }

private:
    void grow(std::size_t more);

    std::unique_ptr<std::byte[]> data_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

namespace detail {

/// Asks the system for large pages where much memory is about to be written for the first time:
/// each page costs an interruption then, which for 64 MiB of usual ones take longer than the copy.
void prefer_huge_pages(void* place, std::size_t size) noexcept;

/// Refuses recursion that would otherwise end the stack: a few hostile bytes per level suffice, and of
/// objects that are large by themselves (`object_size`) a few levels.
class depth_guard {
public:
    depth_guard(unsigned& depth, std::size_t object_size);
    depth_guard(const depth_guard&) = delete;
    depth_guard& operator=(const depth_guard&) = delete;
    ~depth_guard() { --depth_; }

private:
    unsigned& depth_;
};

template <typename T>
struct shape;

} // namespace detail

/// The archive that writes.
///
/// **Thread safety** None; one thread at a time.
class encoder {
public:
    static constexpr bool is_saving = true;
    static constexpr bool is_loading = false;

    /// Appends to `target`, which must outlive the archive.
    explicit encoder(byte_buffer& target) noexcept : buffer_(&target) {}

    /// Writes into a place of exactly the size that `encoded_size` found.
    explicit encoder(std::span<std::byte> place) noexcept : place_(place) {}

    /// Counts bytes and writes none.
    encoder() noexcept = default;

    template <typename T>
    encoder& operator&(const T& value)
    {
        detail::shape<T>::write(*this, value);
        return *this;
    }
    /// Writes one value after the other.
    template <typename... Ts>
    encoder& operator()(const Ts&... values)
    {
        (static_cast<void>(*this & values), ...);
        return *this;
    }
    template <typename T>
    encoder& operator<<(const T& value)
    {
        return *this & value;
    }

    void write(const void* bytes, std::size_t count)
    {
        if (buffer_ != nullptr) {
            buffer_->append(bytes, count);
        } else if (place_.data() != nullptr && count != 0) {
            write_in_place(bytes, count);
        }
        written_ += count;
    }

    void write_count(std::size_t count)
    {
        const std::uint64_t wide = count;
        write(&wide, sizeof wide);
    }

    /// Pads with zeros to a multiple of `alignment`, counted from where this archive began.
    void align(std::size_t alignment)
    {
        static constexpr std::byte zeros[64] = {};
        for (std::size_t left = (alignment - written_ % alignment) % alignment; left != 0;) {
            const std::size_t piece = std::min(left, sizeof zeros);
            write(zeros, piece);
            left -= piece;
        }
    }

    /// Leaves out `count` bytes, which the reader must pass over too: their contents mean nothing.
    void skip(std::size_t count)
    {
        if (buffer_ != nullptr) {
            buffer_->extend(count);
        } else if (place_.data() != nullptr) {
            require_room(count);
        }
        written_ += count;
    }

    /// How many bytes this archive has written or counted.
    std::size_t written() const noexcept { return written_; }

    unsigned& depth() noexcept { return depth_; }

private:
    void write_in_place(const void* bytes, std::size_t count);
    void require_room(std::size_t count) const;

    byte_buffer* buffer_ = nullptr;
    std::span<std::byte> place_;
    std::size_t written_ = 0;
    unsigned depth_ = 0;
};

/// The archive that reads; every read is checked against what is left.
///
/// **Thread safety** None; one thread at a time.
class decoder {
public:
    static constexpr bool is_saving = false;
    static constexpr bool is_loading = true;

    explicit decoder(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}

    template <typename T>
    decoder& operator&(T& value)
    {
        value = detail::shape<T>::read(*this);
        return *this;
    }
    /// Reads one value after the other.
    template <typename... Ts>
    decoder& operator()(Ts&... values)
    {
        (static_cast<void>(*this & values), ...);
        return *this;
    }
    template <typename T>
    decoder& operator>>(T& value)
    {
        return *this & value;
    }

    template <typename T>
    T read()
    {
        return detail::shape<T>::read(*this);
    }

    /// Copies the next bytes to `target`.
    ///
    /// **Throws** `codec_error` if fewer are left.
    void read(void* target, std::size_t count)
    {
        const std::byte* const from = view(count);
        if (count != 0) {
            std::memcpy(target, from, count);
        }
    }

    /// The next bytes where they lie.
    const std::byte* view(std::size_t count)
    {
        if (count > remaining()) {
            throw_truncated(count);
        }
        const std::byte* const from = bytes_.data() + position_;
        position_ += count;
        return from;
    }

    /// Reads a number of elements of which each takes `smallest` bytes or more; 0 counts as 1.
    ///
    /// **Throws** `codec_error` if so many cannot follow: a lying count never allocates memory.
    std::size_t read_count(std::size_t smallest);

    /// Passes over the next bytes.
    void skip(std::size_t count) { view(count); }

    void align(std::size_t alignment) { view((alignment - position_ % alignment) % alignment); }

    std::size_t position() const noexcept { return position_; }
    std::size_t remaining() const noexcept { return bytes_.size() - position_; }

    /// Throws `codec_error` if bytes are left.
    void require_end() const;

    unsigned& depth() noexcept { return depth_; }

private:
    [[noreturn]] void throw_truncated(std::size_t wanted) const;

    std::span<const std::byte> bytes_;
    std::size_t position_ = 0;
    unsigned depth_ = 0;
};

/// How many bytes `encode(value)` would yield.
template <typename T>
std::size_t encoded_size(const T& value)
{
    encoder counter;
    counter(value);
    return counter.written();
}

} // namespace cofutures
