// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "get/transfer_watch.hpp"

#include <algorithm>

namespace downloader {

namespace {

// No single piece is greater: more than that was there from an earlier run.
constexpr std::uint64_t largest_piece = 1024 * 1024;

} // namespace

void transfer_watch::note(const cofutures::http::event& what)
{
    using kind = cofutures::http::event::kind;
    const std::chrono::duration<double> took = what.took;
    const std::lock_guard lock(mutex_);
    phase_times& phases = state_.phases;
    switch (what.what) {
    case kind::queued:
        state_.begun = true;
        phases.queue += took;
        break;
    case kind::resolved:
        phases.resolve += took;
        break;
    case kind::connected:
        phases.connect += took;
        break;
    case kind::secured:
        phases.tls += took;
        break;
    case kind::sent:
        phases.send += took;
        phases.body += body_;
        body_ = {};
        state_.size = 0;
        state_.length.reset();
        break;
    case kind::first_byte:
        phases.wait += took;
        wait_ = took;
        break;
    case kind::progress:
        body_ = took - wait_;
        if (what.size > state_.size) {
            state_.fetched += std::min(what.size - state_.size, largest_piece);
        }
        state_.size = what.size;
        state_.length = what.length;
        break;
    case kind::retried:
        phases.pause += took;
        break;
    case kind::done:
        phases.body += body_;
        body_ = {};
        break;
    }
}

transfer_watch::state transfer_watch::now() const
{
    const std::lock_guard lock(mutex_);
    return state_;
}

} // namespace downloader
