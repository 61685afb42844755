// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Which parts of a file are missing, and who fetches which, without any I/O.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace cofutures::http::detail {

/// The bytes from `begin` up to, not including, `end`.
struct byte_range {
    std::uint64_t begin;
    std::uint64_t end;

    friend bool operator==(const byte_range&, const byte_range&) = default;
};

/// The missing pieces of a file, each fetched by one stream or by none at the moment.
///
/// A stream takes a piece, asks the server for it and says what arrives and what is written. Its
/// piece may become shorter at any time, because another stream has taken the end of it; it may
/// become longer again if that one gives up.
///
/// **Thread safety** None: it belongs to the client's strand.
class segment_plan {
public:
    using stream = std::uint64_t;

    /// `missing` is sorted, and no two of its ranges touch.
    explicit segment_plan(const std::vector<byte_range>& missing);

    /// Tells whether there is a piece for one more stream: one that nobody fetches, or one so long
    /// that both of its halves have `least` bytes.
    bool has_piece(std::uint64_t least) const noexcept { return best_piece(least) != nothing; }

    /// Gives a stream the longest piece that nobody fetches, or else the second half of the one
    /// whose stream has the longest way to go. A stream has one piece at a time.
    std::optional<byte_range> take(stream who, std::uint64_t least);

    /// Gives a stream the first missing piece, which nobody must be fetching.
    byte_range take_first(stream who);

    /// Notes bytes that have come for a stream; returns how many of them belong to its piece.
    std::size_t arrive(stream who, std::size_t size);

    /// Tells whether everything has arrived that a stream was to fetch. Where the bytes after it
    /// are missing, nobody fetches them and the stream's answer has them too, they become its own.
    bool is_fetched(stream who);

    /// Where the next bytes of a stream are to be written.
    std::uint64_t position(stream who) const;

    /// Notes that bytes that had arrived are written; the piece ends with its last byte.
    void written(stream who, std::size_t size);

    /// Gives a piece up: what of it is not written is for others. Does nothing if there is none.
    void release(stream who);

    /// What is not written, sorted.
    std::vector<byte_range> missing() const;

    /// How many bytes have not arrived yet.
    std::uint64_t unfetched() const noexcept;

    /// Tells whether everything is written.
    bool complete() const noexcept { return pieces_.empty(); }

private:
    static constexpr stream nobody = 0;
    static constexpr std::size_t nothing = static_cast<std::size_t>(-1);

    struct piece {
        std::uint64_t begin;   ///< the first byte that is not written
        std::uint64_t arrived; ///< the first that has not arrived
        std::uint64_t end;
        std::uint64_t asked_end; ///< how far the answer of its stream goes
        stream owner;
    };

    std::size_t best_piece(std::uint64_t least) const noexcept;
    std::size_t find(stream who) const noexcept;
    piece& of(stream who);

    std::vector<piece> pieces_; ///< sorted; few, so that searching is nothing
};

} // namespace cofutures::http::detail
