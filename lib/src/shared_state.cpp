// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/detail/config.hpp>
#include <cofutures/detail/fork_count.hpp>
#include <cofutures/detail/shared_state.hpp>
#include <cofutures/error_handler.hpp>

#include <condition_variable>
#include <mutex>

#include <pthread.h>

namespace cofutures::detail {

namespace {

const int forks_are_counted =
    pthread_atfork(nullptr, nullptr, [] { fork_count.fetch_add(1, std::memory_order_relaxed); });

} // namespace

/// The lock of the nodes. In a forked child, nodes that a thread left half linked are forgotten.
class shared_state::nodes_guard {
public:
    explicit nodes_guard(shared_state& state) noexcept : lock_(state.nodes_lock_)
    {
        if (!lock_.lock()) {
            state.nodes_ = completion_list();
        }
    }
    nodes_guard(const nodes_guard&) = delete;
    nodes_guard& operator=(const nodes_guard&) = delete;
    ~nodes_guard() { lock_.unlock(); }

private:
    tiny_lock& lock_;
};

/// Held while user code runs that may let go of every other handle to the state.
class shared_state::keep_alive {
public:
    explicit keep_alive(shared_state& state) noexcept : state_(state) { state_.add_owner(); }
    keep_alive(const keep_alive&) = delete;
    keep_alive& operator=(const keep_alive&) = delete;

    // Unlike release_owner(), reports nothing: a promise without a future yet would be taken for one
    // that nobody looks at.
    ~keep_alive()
    {
        if (state_.counts_.fetch_sub(one_owner, std::memory_order_acq_rel) == one_owner) {
            delete &state_;
        }
    }

private:
    shared_state& state_;
};

void completion_list::push_back(completion_node& node) noexcept
{
    if (first_ == nullptr) {
        node.next_ = &node;
        node.previous_ = &node;
        first_ = &node;
    } else {
        node.next_ = first_;
        node.previous_ = first_->previous_;
        node.previous_->next_ = &node;
        first_->previous_ = &node;
    }
}

void completion_list::erase(completion_node& node) noexcept
{
    if (node.next_ == &node) {
        first_ = nullptr;
    } else {
        node.previous_->next_ = node.next_;
        node.next_->previous_ = node.previous_;
        if (first_ == &node) {
            first_ = node.next_;
        }
    }
}

shared_state::~shared_state()
{
    COFUTURES_ASSERT(nodes_.empty());
}

void shared_state::release_owner() noexcept
{
    report_if_unobserved();
    if (counts_.fetch_sub(one_owner, std::memory_order_acq_rel) == one_owner) {
        delete this;
    }
}

void shared_state::release_future() noexcept
{
    // Sequentially consistent, as is the phase in publish(): either this thread sees the failure, or
    // the producer, when it lets go, sees that no future is left. Otherwise neither would report it.
    counts_.fetch_sub(one_future, std::memory_order_seq_cst);
    release_owner();
}

bool shared_state::is_only_future() const noexcept
{
    return counts_.load(std::memory_order_acquire) / one_future == 1;
}

bool shared_state::move_phase(phase from, phase to) noexcept
{
    auto word = word_.load(std::memory_order_relaxed);
    while (phase(word & phase_mask) == from) {
        const auto moved = (word & ~phase_mask) | static_cast<std::uint32_t>(to);
        if (word_.compare_exchange_weak(
                word, moved, std::memory_order_acq_rel, std::memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

bool shared_state::start() noexcept
{
    return move_phase(phase::pending, phase::running);
}

bool shared_state::claim() noexcept
{
    return move_phase(phase::running, phase::finishing) ||
           move_phase(phase::pending, phase::finishing) ||
           // Between the two attempts the state may have gone from pending to running.
           move_phase(phase::running, phase::finishing);
}

completion_list shared_state::publish(phase outcome) noexcept
{
    auto word = word_.load(std::memory_order_relaxed);
    COFUTURES_ASSERT(!is_done(phase(word & phase_mask)) && is_done(outcome));
    while (!word_.compare_exchange_weak(word,
                                        (word & ~phase_mask) | static_cast<std::uint32_t>(outcome),
                                        std::memory_order_seq_cst,
                                        std::memory_order_relaxed)) {
    }
    word_.notify_all(); // threads in wait() without a deadline

    completion_list in_turn;
    const nodes_guard lock(*this);
    while (!nodes_.empty()) {
        completion_node& node = *nodes_.front();
        nodes_.erase(node);
        node.linked_ = false; // remove() must not find it any more
        if (node.when_ == completion_node::when::at_once) {
            if (completion_node* const then = node.complete(*this)) {
                in_turn.push_back(*then);
            }
        } else {
            in_turn.push_back(node);
        }
    }
    return in_turn;
}

void shared_state::run_callbacks(completion_list callbacks) noexcept
{
    while (!callbacks.empty()) {
        completion_node& node = *callbacks.front();
        callbacks.erase(node);
        node.complete(*this);
    }
}

void shared_state::finish(phase outcome) noexcept
{
    const keep_alive kept(*this);
    run_callbacks(publish(outcome));
}

bool shared_state::cancel_pending() noexcept
{
    if (current() == phase::pending && !release_work()) {
        start();
    }
    if (!move_phase(phase::pending, phase::cancelling)) {
        return false;
    }
    drop_work();
    finish(phase::cancelled);
    after_cancellation();
    return true;
}

bool shared_state::cancel() noexcept
{
    const keep_alive kept(*this);
    if (cancel_pending()) {
        return true;
    }
    const auto now = current();
    return now == phase::cancelling || now == phase::cancelled;
}

bool shared_state::request_stop() noexcept
{
    const keep_alive kept(*this);
    if (cancel_pending()) {
        return true;
    }
    if (current() != phase::running) {
        return false;
    }
    if ((word_.fetch_or(stop_bit, std::memory_order_acq_rel) & stop_bit) != 0) {
        return false;
    }
    on_stop_requested();
    return true;
}

const std::exception_ptr& shared_state::observe_error() noexcept
{
    word_.fetch_or(observed_bit, std::memory_order_acq_rel);
    return error_;
}

void shared_state::report_if_unobserved() noexcept
{
    const auto word = word_.load(std::memory_order_seq_cst);
    if (phase(word & phase_mask) != phase::failed || (word & observed_bit) != 0) {
        return;
    }
    if (counts_.load(std::memory_order_seq_cst) / one_future != 0) {
        return; // the last of them will come here
    }
    if ((word_.fetch_or(observed_bit, std::memory_order_acq_rel) & observed_bit) != 0) {
        return;
    }
    std::string name;
    try {
        name = task_name();
    } catch (...) {
        // Out of memory for a name; the failure itself must still be told.
    }
    report_error({error_report::source::unobserved_failure, error_, std::move(name)});
}

bool shared_state::add(completion_node& node) noexcept
{
    const nodes_guard lock(*this);
    // publish() stores the phase before it locks: whoever comes after its sweep sees "done" here.
    if (done()) {
        return false;
    }
    nodes_.push_back(node);
    node.linked_ = true;
    return true;
}

bool shared_state::remove(completion_node& node) noexcept
{
    const nodes_guard lock(*this);
    if (!node.linked_) {
        return false;
    }
    nodes_.erase(node);
    node.linked_ = false;
    return true;
}

namespace {

class blocked_thread final : public completion_node {
public:
    blocked_thread() noexcept : completion_node(when::at_once) {}

    completion_node* complete(shared_state&) noexcept override
    {
        // Notified under the mutex: the waiter may destroy this object as soon as it has the mutex.
        std::lock_guard lock(mutex_);
        done_ = true;
        changed_.notify_one();
        return nullptr;
    }

    bool wait_until(std::chrono::steady_clock::time_point deadline)
    {
        std::unique_lock lock(mutex_);
        return changed_.wait_until(lock, deadline, [this] { return done_; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool done_ = false; // guarded by mutex_
};

} // namespace

bool shared_state::wait(std::optional<std::chrono::steady_clock::time_point> deadline)
{
    if (!deadline) {
        auto word = word_.load(std::memory_order_acquire);
        while (!is_done(phase(word & phase_mask))) {
            word_.wait(word, std::memory_order_acquire);
            word = word_.load(std::memory_order_acquire);
        }
        return true;
    }
    if (done()) {
        return true;
    }
    if (*deadline <= std::chrono::steady_clock::now()) {
        return false;
    }
    blocked_thread waiter;
    if (!add(waiter)) {
        return true;
    }
    if (waiter.wait_until(*deadline)) {
        return true;
    }
    return !remove(waiter);
}

} // namespace cofutures::detail
