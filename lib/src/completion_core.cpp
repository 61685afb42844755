// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/detail/completion_core.hpp>

#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <utility>

namespace cofutures::detail {

/// Every future is an entry from add() until somebody has it. Lock order: a state's lock, then
/// `mutex`; so nothing here touches a state's list while it holds `mutex`.
struct completion_core::impl {
    struct entry final : completion_node {
        entry(impl& queue_, any_future future_)
            : completion_node(when::at_once), queue(queue_), future(std::move(future_))
        {}
        completion_node* complete(shared_state&) noexcept override { return queue.done(*this); }

        impl& queue;
        any_future future;
        std::list<entry>::iterator position;
    };

    /// Called by the state that is done, under its lock, or by add(): moves pointers, runs nothing.
    /// Returns the receiver to tell, if there is one, and then the entry is gone.
    completion_node* done(entry& finished) noexcept
    {
        std::lock_guard lock(mutex);
        for (receiver* next = first; next != nullptr; next = next->next_) {
            // One that is being cancelled leaves by itself. Decided here, so that a future is at any
            // time either in the queue or with somebody who cannot refuse it any more.
            if (next->state().claim()) {
                unlink(*next); // with the reference of the line
                next->received_ = std::move(finished.future);
                entries.erase(finished.position);
                return next;
            }
        }
        ready.push_back(&finished);
        changed.notify_one();
        return nullptr;
    }

    /// With the lock: takes out the oldest one that is ready.
    any_future take_ready()
    {
        entry* const oldest = ready.front();
        ready.pop_front();
        any_future taken = std::move(oldest->future);
        entries.erase(oldest->position);
        return taken;
    }

    void link(receiver& next) noexcept
    {
        next.in_line_ = true;
        next.previous_ = last;
        (last != nullptr ? last->next_ : first) = &next;
        last = &next;
        ++waiting;
    }

    void unlink(receiver& from) noexcept
    {
        (from.previous_ != nullptr ? from.previous_->next_ : first) = from.next_;
        (from.next_ != nullptr ? from.next_->previous_ : last) = from.previous_;
        from.in_line_ = false;
        --waiting;
    }

    std::mutex mutex;
    std::condition_variable changed;
    std::list<entry> entries; // guarded by mutex, until closed
    std::deque<entry*> ready; // done and not yet popped; guarded by mutex
    // Receivers in line, each with a reference to its state; guarded by mutex:
    receiver* first = nullptr;
    receiver* last = nullptr;
    std::size_t waiting = 0;
};

void completion_core::receiver::leave() noexcept
{
    if (const auto queue = queue_.lock()) {
        {
            std::lock_guard lock(queue->mutex);
            if (!in_line_) {
                return;
            }
            queue->unlink(*this);
        }
        state().drop_owner(); // the caller of cancel() has a future
    }
}

completion_core::completion_core() : impl_(std::make_shared<impl>()) {}
completion_core::completion_core(completion_core&&) noexcept = default;

completion_core& completion_core::operator=(completion_core&& other) noexcept
{
    if (this != &other) {
        close();
        impl_ = std::move(other.impl_);
    }
    return *this;
}

completion_core::~completion_core()
{
    close();
}

void completion_core::add(any_future future)
{
    shared_state* const state = future_access::state(future);
    std::list<impl::entry> added;
    auto& entry = added.emplace_back(*impl_, std::move(future));
    entry.position = added.begin();
    {
        std::lock_guard lock(impl_->mutex);
        impl_->entries.splice(impl_->entries.end(), added);
    }
    if (!state->add(entry)) {
        if (completion_node* const next = impl_->done(entry)) {
            state->tell(*next);
        }
    }
}

any_future completion_core::pop(std::optional<std::chrono::steady_clock::time_point> deadline)
{
    const auto ready = [this] { return !impl_->ready.empty(); };
    {
        std::lock_guard lock(impl_->mutex);
        if (ready()) {
            return impl_->take_ready();
        }
    }
    shared_state::run_delayed_callbacks();
    std::unique_lock lock(impl_->mutex);
    if (!deadline) {
        impl_->changed.wait(lock, ready);
    } else if (!impl_->changed.wait_until(lock, *deadline, ready)) {
        return {};
    }
    return impl_->take_ready();
}

void completion_core::pop(receiver& next)
{
    next.queue_ = impl_;
    next.state().add_owner();
    {
        std::lock_guard lock(impl_->mutex);
        if (impl_->ready.empty()) {
            impl_->link(next);
            return;
        }
        next.state().claim();
        next.received_ = impl_->take_ready();
    }
    next.complete(next.state());
}

std::size_t completion_core::size() const noexcept
{
    std::lock_guard lock(impl_->mutex);
    return impl_->entries.size();
}

std::size_t completion_core::unclaimed() const noexcept
{
    std::lock_guard lock(impl_->mutex);
    const auto futures = impl_->entries.size();
    return futures > impl_->waiting ? futures - impl_->waiting : 0;
}

void completion_core::close() noexcept
{
    if (!impl_) {
        return;
    }
    receiver* left = nullptr;
    {
        std::lock_guard lock(impl_->mutex);
        // From here on nobody else changes `entries`: that takes a receiver in line, or a pop.
        left = std::exchange(impl_->first, nullptr);
        impl_->last = nullptr;
        impl_->waiting = 0;
        for (receiver* next = left; next != nullptr; next = next->next_) {
            next->in_line_ = false; // its reference is dropped below, also if it is being cancelled
        }
    }
    for (auto& entry : impl_->entries) {
        // Waits for a state that is telling the entry right now.
        future_access::state(entry.future)->remove(entry);
    }
    while (left != nullptr) {
        shared_state& state = std::exchange(left, left->next_)->state();
        state.cancel();
        state.drop_owner();
    }
    impl_.reset();
}

} // namespace cofutures::detail
