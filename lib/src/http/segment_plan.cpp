// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "segment_plan.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>

namespace cofutures::http::detail {

segment_plan::segment_plan(const std::vector<byte_range>& missing)
{
    for (const byte_range& each : missing) {
        pieces_.push_back({each.begin, each.begin, each.end, each.end, nobody});
    }
}

// What nobody fetches goes before anything that somebody does.
std::size_t segment_plan::best_piece(std::uint64_t least) const noexcept
{
    std::size_t open = nothing;
    std::size_t busy = nothing;
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
        std::size_t& best = pieces_[i].owner == nobody ? open : busy;
        const auto left = [this](std::size_t which) {
            return pieces_[which].end - pieces_[which].arrived;
        };
        if (best == nothing || left(i) > left(best)) {
            best = i;
        }
    }
    if (open != nothing) {
        return open;
    }
    const bool splits =
        busy != nothing && least > 0 && (pieces_[busy].end - pieces_[busy].arrived) / 2 >= least;
    return splits ? busy : nothing;
}

std::optional<byte_range> segment_plan::take(stream who, std::uint64_t least)
{
    const std::size_t best = best_piece(least);
    if (best == nothing) {
        return std::nullopt;
    }
    piece& found = pieces_[best];
    if (found.owner == nobody) {
        found.owner = who;
        found.asked_end = found.end;
        return byte_range{found.begin, found.end};
    }
    const std::uint64_t middle = found.end - (found.end - found.arrived) / 2;
    const piece half{middle, middle, found.end, found.end, who};
    found.end = middle;
    pieces_.insert(std::next(pieces_.begin(), static_cast<std::ptrdiff_t>(best) + 1), half);
    return byte_range{half.begin, half.end};
}

byte_range segment_plan::take_first(stream who)
{
    piece& first = pieces_.at(0);
    if (first.owner != nobody) {
        throw std::logic_error("cofutures: the first piece of a file is taken");
    }
    first.owner = who;
    first.asked_end = first.end;
    return {first.begin, first.end};
}

std::size_t segment_plan::arrive(stream who, std::size_t size)
{
    std::size_t taken = 0;
    // In steps, because its piece may grow by what others have given up.
    while (taken < size && !is_fetched(who)) {
        piece& own = of(who);
        const auto step =
            static_cast<std::size_t>(std::min<std::uint64_t>(size - taken, own.end - own.arrived));
        own.arrived += step;
        taken += step;
    }
    return taken;
}

bool segment_plan::is_fetched(stream who)
{
    const std::size_t at = find(who);
    if (at == nothing) {
        return true;
    }
    piece& own = pieces_[at];
    if (own.arrived < own.end) {
        return false;
    }
    const std::size_t after = at + 1;
    if (after == pieces_.size() || pieces_[after].owner != nobody ||
        pieces_[after].begin != own.end || own.asked_end <= own.end) {
        return true;
    }
    piece& next = pieces_[after];
    const std::uint64_t end = std::min(own.asked_end, next.end);
    own.end = end;
    if (end == next.end) {
        pieces_.erase(std::next(pieces_.begin(), static_cast<std::ptrdiff_t>(after)));
    } else {
        next.begin = end;
        next.arrived = end;
    }
    return false;
}

std::uint64_t segment_plan::position(stream who) const
{
    return pieces_.at(find(who)).begin;
}

void segment_plan::written(stream who, std::size_t size)
{
    piece& own = of(who);
    if (size > own.arrived - own.begin) {
        throw std::logic_error("cofutures: more of a piece is written than has arrived");
    }
    own.begin += size;
    if (own.begin == own.end && is_fetched(who)) {
        pieces_.erase(std::next(pieces_.begin(), static_cast<std::ptrdiff_t>(find(who))));
    }
}

void segment_plan::release(stream who)
{
    const std::size_t at = find(who);
    if (at == nothing) {
        return;
    }
    piece& own = pieces_[at];
    own.arrived = own.begin;
    own.owner = nobody;
    // One piece where nobody fetches either of two that touch.
    const auto place = [this](std::size_t which) {
        return std::next(pieces_.begin(), static_cast<std::ptrdiff_t>(which));
    };
    if (at + 1 < pieces_.size() && pieces_[at + 1].owner == nobody &&
        pieces_[at + 1].begin == own.end) {
        own.end = pieces_[at + 1].end;
        pieces_.erase(place(at + 1));
    }
    if (at > 0 && pieces_[at - 1].owner == nobody && pieces_[at - 1].end == pieces_[at].begin) {
        pieces_[at - 1].end = pieces_[at].end;
        pieces_.erase(place(at));
    }
}

std::vector<byte_range> segment_plan::missing() const
{
    std::vector<byte_range> ranges;
    for (const piece& each : pieces_) {
        if (!ranges.empty() && ranges.back().end == each.begin) {
            ranges.back().end = each.end;
        } else {
            ranges.push_back({each.begin, each.end});
        }
    }
    return ranges;
}

std::uint64_t segment_plan::unfetched() const noexcept
{
    std::uint64_t sum = 0;
    for (const piece& each : pieces_) {
        sum += each.end - each.arrived;
    }
    return sum;
}

std::size_t segment_plan::find(stream who) const noexcept
{
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
        if (pieces_[i].owner == who) {
            return i;
        }
    }
    return nothing;
}

segment_plan::piece& segment_plan::of(stream who)
{
    return pieces_.at(find(who));
}

} // namespace cofutures::http::detail
