// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/detail/config.hpp>
#include <cofutures/detail/fork_count.hpp>
#include <cofutures/detail/shared_state.hpp>
#include <cofutures/error_handler.hpp>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>

#include <pthread.h>

namespace cofutures::detail {

namespace {

const int forks_are_counted =
    pthread_atfork(nullptr, nullptr, [] { fork_count.fetch_add(1, std::memory_order_relaxed); });

/// How many calls that run callbacks, or destroy states, may be nested in one thread. Each needs some
/// hundred bytes of stack, and what users do in between.
constexpr unsigned most_nested_calls = 32;

constinit thread_local unsigned nested_destructions = 0;
constinit thread_local std::uint64_t first_to_destroy = 0; // of a list linked through counts_

} // namespace

/// The lock of the nodes. In a forked child, nodes that a thread left half linked are forgotten.
class shared_state::nodes_guard {
public:
    explicit nodes_guard(shared_state& state) noexcept : lock_(state.nodes_lock_)
    {
        if (!lock_.lock()) {
            state.nodes_ = node_list();
        }
    }
    nodes_guard(const nodes_guard&) = delete;
    nodes_guard& operator=(const nodes_guard&) = delete;
    ~nodes_guard() { lock_.unlock(); }

private:
    tiny_lock& lock_;
};

/// One call of run_callbacks().
class shared_state::callback_run {
public:
    callback_run(completion_list callbacks, callback_run* outer) noexcept
        : own_(callbacks), outer_(outer), depth_(outer != nullptr ? outer->depth_ + 1 : 1)
    {
        innermost = this;
    }
    callback_run(const callback_run&) = delete;
    callback_run& operator=(const callback_run&) = delete;
    ~callback_run() { innermost = outer_; }

    bool is_deepest() const noexcept { return depth_ == most_nested_calls; }

    void tell_all() noexcept
    {
        tell_those_that_came_up();
        while (!own_.empty()) {
            tell_first(own_);
            tell_those_that_came_up();
        }
    }

    void tell_those_that_came_up() noexcept
    {
        earlier_.prepend(std::exchange(came_up_, {}));
        while (!earlier_.empty()) {
            tell_first(earlier_);
            earlier_.prepend(std::exchange(came_up_, {}));
        }
    }

    /// To be told when the node that is being told has returned, and before all others. The last node
    /// carries a reference to the state.
    void add(completion_list callbacks, completion_node::afterwards reference) noexcept
    {
        callbacks.last_->afterwards_ = reference;
        came_up_.append(callbacks);
    }

    /// The innermost one of this thread.
    static constinit thread_local callback_run* innermost;

private:
    static void tell_first(completion_list& list) noexcept
    {
        completion_node& node = *list.pop_front();
        shared_state& state = *node.of_;
        const auto afterwards = node.afterwards_;
        node.complete(state);
        if (afterwards == completion_node::afterwards::end_keeping_alive) {
            state.end_keeping_alive();
        } else if (afterwards == completion_node::afterwards::release_owner) {
            state.release_owner();
        }
    }

    completion_list own_;     // what the call was made for
    completion_list came_up_; // by the node that is being told
    completion_list earlier_; // by those told before, not told yet
    callback_run* const outer_;
    const unsigned depth_;
};

constinit thread_local shared_state::callback_run* shared_state::callback_run::innermost = nullptr;

/// Held while user code runs that may let go of every other handle to the state.
class shared_state::keep_alive {
public:
    explicit keep_alive(shared_state& state) noexcept : state_(state) { state_.add_owner(); }
    keep_alive(const keep_alive&) = delete;
    keep_alive& operator=(const keep_alive&) = delete;

    ~keep_alive() { state_.end_keeping_alive(); }

private:
    shared_state& state_;
};

void node_list::push_back(completion_node& node) noexcept
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

void node_list::erase(completion_node& node) noexcept
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

void completion_list::push_back(completion_node& node, shared_state& state) noexcept
{
    node.next_ = nullptr;
    node.of_ = &state;
    node.afterwards_ = completion_node::afterwards::nothing;
    (first_ != nullptr ? last_->next_ : first_) = &node;
    last_ = &node;
}

completion_node* completion_list::pop_front() noexcept
{
    completion_node* const node = first_;
    if (node != nullptr) {
        first_ = node->next_;
    }
    return node;
}

void completion_list::append(completion_list later) noexcept
{
    if (later.empty()) {
        return;
    }
    (first_ != nullptr ? last_->next_ : first_) = later.first_;
    last_ = later.last_;
}

void completion_list::prepend(completion_list earlier) noexcept
{
    earlier.append(*this);
    *this = earlier;
}

shared_state::~shared_state()
{
    COFUTURES_ASSERT(nodes_.empty());
}

void shared_state::release_owner() noexcept
{
    report_if_unobserved();
    if (counts_.fetch_sub(one_owner, std::memory_order_acq_rel) == one_owner) {
        destroy();
    }
}

/// A value may hold the last future to a state whose value holds the last future to another one, and so
/// on: beyond some depth the innermost call destroys them one after the other.
void shared_state::destroy() noexcept
{
    if (nested_destructions == most_nested_calls) {
        counts_.store(std::exchange(first_to_destroy, reinterpret_cast<std::uintptr_t>(this)),
                      std::memory_order_relaxed); // nobody counts any more
        return;
    }
    ++nested_destructions;
    delete this;
    if (nested_destructions == most_nested_calls) {
        while (first_to_destroy != 0) {
            auto* const next = reinterpret_cast<shared_state*>(first_to_destroy);
            first_to_destroy = next->counts_.load(std::memory_order_relaxed);
            delete next;
        }
    }
    --nested_destructions;
}

void shared_state::release_future() noexcept
{
    // Sequentially consistent, as is the phase in publish(): either this thread sees the failure, or
    // the producer, when it lets go, sees that no future is left. Otherwise neither would report it.
    const auto before = counts_.fetch_sub(one_future, std::memory_order_seq_cst);
    if (before / one_future == 1 && !done()) {
        word_.fetch_or(unwatched_bit, std::memory_order_acq_rel);
    }
    release_owner();
}

/// Unlike release_owner(), reports no failure of a promise that has had no future yet: it would be taken for
/// one that nobody looks at.
void shared_state::end_keeping_alive() noexcept
{
    if ((word_.load(std::memory_order_acquire) & unwatched_bit) != 0) {
        release_owner();
    } else {
        drop_owner();
    }
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
                in_turn.push_back(*then, *this);
            }
        } else {
            in_turn.push_back(node, *this);
        }
    }
    return in_turn;
}

void shared_state::run_callbacks(completion_list callbacks) noexcept
{
    if (callbacks.empty()) {
        return;
    }
    callback_run* const outer = callback_run::innermost;
    if (outer != nullptr && outer->is_deepest()) {
        // Callbacks that finish states whose callbacks finish states: left to the run that is going on.
        add_owner();
        outer->add(callbacks, completion_node::afterwards::end_keeping_alive);
        return;
    }
    callback_run(callbacks, outer).tell_all();
}

void shared_state::run_delayed_callbacks() noexcept
{
    callback_run* const run = callback_run::innermost;
    if (run != nullptr && run->is_deepest()) {
        run->tell_those_that_came_up();
    }
}

void shared_state::tell(completion_node& node) noexcept
{
    completion_list one;
    one.push_back(node, *this);
    run_callbacks(one);
}

void shared_state::finish(phase outcome) noexcept
{
    const keep_alive kept(*this);
    run_callbacks(publish(outcome));
}

void shared_state::finish_in_turn(phase outcome) noexcept
{
    const completion_list callbacks = publish(outcome);
    if (callbacks.empty()) {
        release_owner();
        return;
    }
    COFUTURES_ASSERT(callback_run::innermost != nullptr);
    callback_run::innermost->add(callbacks, completion_node::afterwards::release_owner);
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
        if (!is_done(phase(word & phase_mask))) {
            run_delayed_callbacks();
        }
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
    run_delayed_callbacks();
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
