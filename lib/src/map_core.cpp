// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/detail/map_core.hpp>
#include <cofutures/promise.hpp>

#include <algorithm>
#include <stdexcept>

namespace cofutures::detail {

void map_core::check(const map_options& options)
{
    if (options.chunk_size == 0) {
        throw std::invalid_argument("cofutures: chunk_size must be at least 1, got 0");
    }
    if (options.buffer_size == std::size_t{0}) {
        throw std::invalid_argument("cofutures: buffer_size must be at least 1, got 0");
    }
}

map_core::map_core(std::unique_ptr<map_feed> feed, const map_options& options, order results)
    : feed_(std::move(feed)),
      deadline_(options.timeout.deadline()),
      chunked_(options.chunk_size > 1),
      order_(results)
{
    try {
        if (!options.buffer_size) {
            while (submit_one()) {
            }
        } else {
            const std::size_t tasks = 1 + (*options.buffer_size - 1) / options.chunk_size;
            for (std::size_t n = 0; n != tasks && submit_one(); ++n) {
            }
        }
    } catch (...) {
        cancel_rest();
        throw;
    }
}

map_core::map_core(map_core&& other) noexcept
    : feed_(std::move(other.feed_)),
      deadline_(other.deadline_),
      chunked_(other.chunked_),
      order_(other.order_),
      begun_(std::exchange(other.begun_, false)),
      current_(std::exchange(other.current_, {})),
      index_(std::exchange(other.index_, 0)),
      under_way_(std::exchange(other.under_way_, 0)),
      in_order_(std::exchange(other.in_order_, {})),
      completed_(std::move(other.completed_)),
      inputs_of_(std::exchange(other.inputs_of_, {}))
{}

map_core::~map_core()
{
    if (begun_) {
        cancel_rest();
    }
}

bool map_core::submit_one()
{
    if (!feed_) {
        return false;
    }
    auto task = feed_->next();
    if (!task) {
        feed_.reset();
        return false;
    }
    ++under_way_;
    if (order_ == order::of_input) {
        in_order_.push_back(std::move(*task));
    } else {
        inputs_of_.emplace(task->future, task->inputs);
        completed_.add(std::move(task->future));
    }
    return true;
}

void map_core::refill() noexcept
{
    try {
        submit_one();
    } catch (...) {
        // The item that could not be submitted is the last one, and its failure is its outcome.
        feed_.reset();
        ++under_way_;
        auto failed = make_exceptional_future<void>(std::current_exception());
        if (order_ == order::of_input) {
            in_order_.push_back({std::move(failed), 1});
        } else {
            inputs_of_.emplace(failed, 1);
            completed_.add(std::move(failed));
        }
    }
}

void map_core::begin() noexcept
{
    if (!begun_) {
        begun_ = true;
        refill();
    }
}

void map_core::leave_current() noexcept
{
    current_ = {};
    index_ = 0;
}

void map_core::next() noexcept
{
    if (at_end()) {
        return; // a loop that goes on after the time-out has not been told yet that it was the end
    }
    if (current_.inputs == 0 && under_way_ != 0 && order_ == order::of_input) {
        // Skipped without a look.
        current_ = std::move(in_order_.front());
        in_order_.pop_front();
        --under_way_;
    } else if (current_.inputs == 0) {
        try {
            static_cast<void>(current());
        } catch (...) {
            return; // the time is over: at the end
        }
    }
    if (++index_ >= current_.inputs) {
        leave_current();
        refill();
    }
}

const any_future& map_core::current()
{
    if (at_end()) {
        throw timeout_error(); // of an iteration that goes on without having asked for the end
    }
    const auto time_is_over = [this] {
        const auto unfinished = under_way_ + (current_.inputs != 0 ? 1 : 0);
        cancel_rest();
        throw timeout_error(unfinished, unfinished);
    };
    if (current_.inputs == 0) {
        if (order_ == order::of_input) {
            current_ = std::move(in_order_.front());
            in_order_.pop_front();
        } else {
            auto done = completed_.pop(deadline_);
            if (!done.valid()) {
                time_is_over();
            }
            const auto found = inputs_of_.find(done);
            current_ = {std::move(done), found->second};
            inputs_of_.erase(found);
        }
        --under_way_;
    }
    const bool done =
        deadline_ ? current_.future.wait_until(*deadline_) : (current_.future.wait(), true);
    if (!done) {
        time_is_over();
    }
    return current_.future;
}

void map_core::cancel_rest() noexcept
{
    feed_.reset();
    if (current_.future.valid()) {
        current_.future.cancel();
    }
    for (auto& task : in_order_) {
        task.future.cancel();
    }
    for (auto& [future, inputs] : inputs_of_) {
        future.cancel();
    }
    leave_current();
    in_order_.clear();
    inputs_of_.clear();
    completed_ = completion_core();
    under_way_ = 0;
}

} // namespace cofutures::detail
