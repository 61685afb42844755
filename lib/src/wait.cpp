// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/wait.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>

namespace cofutures::detail {

namespace {

/// What the waiting thread sleeps on, and one node per future that counts it down.
class countdown {
public:
    explicit countdown(return_when condition) : condition_(condition) {}

    void add(shared_state& state)
    {
        auto& entry = nodes_.emplace_back(*this, state);
        {
            std::lock_guard lock(mutex_);
            ++not_done_;
        }
        if (!state.add(entry)) {
            count(state);
        }
    }

    void wait(std::optional<std::chrono::steady_clock::time_point> deadline)
    {
        shared_state::run_delayed_callbacks();
        std::unique_lock lock(mutex_);
        const auto over = [this] { return satisfied_ || not_done_ == 0; };
        if (deadline) {
            changed_.wait_until(lock, *deadline, over);
        } else {
            changed_.wait(lock, over);
        }
    }

    ~countdown()
    {
        // A state that is telling its node right now holds its lock; remove() waits for that.
        for (auto& entry : nodes_) {
            entry.state.remove(entry);
        }
    }

private:
    struct node final : completion_node {
        node(countdown& owner_, shared_state& state_)
            : completion_node(when::at_once), owner(owner_), state(state_)
        {}
        completion_node* complete(shared_state& done) noexcept override
        {
            owner.count(done);
            return nullptr;
        }
        countdown& owner;
        shared_state& state;
    };

    void count(shared_state& done) noexcept
    {
        std::lock_guard lock(mutex_);
        --not_done_;
        satisfied_ =
            satisfied_ || condition_ == return_when::first_completed ||
            (condition_ == return_when::first_exception && done.current() == phase::failed);
        // Woken once, not once per future: only the change that ends the wait is worth a system call.
        if (satisfied_ || not_done_ == 0) {
            changed_.notify_one();
        }
    }

    const return_when condition_;
    std::deque<node> nodes_; // only the waiting thread adds and destroys
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t not_done_ = 0; // guarded by mutex_
    bool satisfied_ = false;   // guarded by mutex_
};

} // namespace

void wait_for_states(const std::vector<shared_state*>& states,
                     return_when condition,
                     std::optional<std::chrono::steady_clock::time_point> deadline)
{
    countdown waiting(condition);
    for (shared_state* const state : states) {
        waiting.add(*state);
    }
    waiting.wait(deadline);
}

} // namespace cofutures::detail
