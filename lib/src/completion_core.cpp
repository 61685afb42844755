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
struct completion_core::impl : std::enable_shared_from_this<completion_core::impl> {
    struct entry final : completion_node {
        entry(impl& queue_, any_future future_)
            : completion_node(when::at_once), queue(queue_), future(std::move(future_))
        {}
        completion_node* complete(shared_state&) noexcept override { return queue.done(*this); }

        impl& queue;
        any_future future;
        std::list<entry>::iterator position;
    };

    /// A receiver in line, and then the node that carries a future to it, outside every lock.
    struct delivery final : completion_node {
        explicit delivery(std::unique_ptr<receiver> to_)
            : completion_node(when::in_turn), to(std::move(to_))
        {}
        completion_node* complete(shared_state&) noexcept override
        {
            const std::unique_ptr<delivery> self(this);
            queue->deliver(*this);
            return nullptr;
        }

        std::unique_ptr<receiver> to;
        std::shared_ptr<impl> queue; // set when a future is on its way
        entry* from = nullptr;
    };

    /// Called under the lock of the state that is done: moves pointers, runs nothing.
    completion_node* done(entry& finished) noexcept
    {
        std::lock_guard lock(mutex);
        if (receivers.empty()) {
            ready.push_back(&finished);
            changed.notify_one();
            return nullptr;
        }
        auto next = std::move(receivers.front());
        receivers.pop_front();
        next->queue = shared_from_this();
        next->from = &finished;
        return next.release();
    }

    void deliver(delivery& on_its_way) noexcept
    {
        entry* const from = on_its_way.from;
        // Taken out first: who receives the future must not find it in the queue any more. Destroyed
        // outside the lock: it may hold the last handle.
        std::list<entry> carried;
        {
            std::lock_guard lock(mutex);
            if (!closed) {
                carried.splice(carried.end(), entries, from->position);
            }
        }
        std::unique_ptr<delivery> next;
        for (delivery* now = &on_its_way; !now->to->receive(from->future); now = next.get()) {
            std::lock_guard lock(mutex);
            if (receivers.empty()) {
                if (!closed) {
                    entries.splice(entries.end(), carried);
                    ready.push_front(from);
                    changed.notify_one();
                }
                return;
            }
            next = std::move(receivers.front());
            receivers.pop_front();
        }
    }

    std::mutex mutex;
    std::condition_variable changed;
    std::list<entry> entries;                        // guarded by mutex, until closed
    std::deque<entry*> ready;                        // done and not yet popped; guarded by mutex
    std::deque<std::unique_ptr<delivery>> receivers; // guarded by mutex
    bool closed = false;                             // guarded by mutex
};

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
        if (completion_node* const delivery = impl_->done(entry)) {
            delivery->complete(*state);
        }
    }
}

any_future completion_core::pop(std::optional<std::chrono::steady_clock::time_point> deadline)
{
    std::list<impl::entry> popped;
    {
        std::unique_lock lock(impl_->mutex);
        const auto ready = [this] { return !impl_->ready.empty(); };
        if (!deadline) {
            impl_->changed.wait(lock, ready);
        } else if (!impl_->changed.wait_until(lock, *deadline, ready)) {
            return {};
        }
        popped.splice(popped.end(), impl_->entries, impl_->ready.front()->position);
        impl_->ready.pop_front();
    }
    return std::move(popped.front().future);
}

void completion_core::pop(std::unique_ptr<receiver> next)
{
    auto in_line = std::make_unique<impl::delivery>(std::move(next));
    {
        std::lock_guard lock(impl_->mutex);
        if (impl_->ready.empty()) {
            impl_->receivers.push_back(std::move(in_line));
            return;
        }
        in_line->from = impl_->ready.front();
        impl_->ready.pop_front();
    }
    impl_->deliver(*in_line);
}

std::size_t completion_core::size() const noexcept
{
    std::lock_guard lock(impl_->mutex);
    return impl_->entries.size();
}

void completion_core::close() noexcept
{
    if (!impl_) {
        return;
    }
    std::deque<std::unique_ptr<impl::delivery>> receivers;
    {
        std::lock_guard lock(impl_->mutex);
        impl_->closed = true; // from here on nobody else changes `entries`
        receivers.swap(impl_->receivers);
    }
    for (auto& entry : impl_->entries) {
        // Waits for a state that is telling the entry right now.
        future_access::state(entry.future)->remove(entry);
    }
    for (auto& in_line : receivers) {
        in_line->to->close();
    }
    // Deliveries on their way keep the queue, with its entries, until they have arrived.
    impl_.reset();
}

} // namespace cofutures::detail
