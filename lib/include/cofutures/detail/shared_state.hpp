// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// The state machine behind every promise and future, without the value. Floor 1, internal.
///
///     pending ──► running ──► finishing ──► succeeded | failed | cancelled
///        │  └────────────────────▲
///        └──► cancelling ──► cancelled
///
/// "finishing" and "cancelling" belong to one thread, the one that won the move into them; it writes
/// the outcome or destroys the work, and nobody else may decide any more. Users see four states:
/// pending, running, cancelled, finished (Python's, with its two cancelled ones as one).

#include <cofutures/detail/tiny_lock.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <typeinfo>
#include <utility>

namespace cofutures::detail {

class shared_state;

enum class phase : std::uint32_t {
    pending = 0,
    running = 1,
    cancelling = 2,
    finishing = 3,
    cancelled = 4,
    succeeded = 5,
    failed = 6,
};

constexpr bool is_done(phase p) noexcept
{
    return p >= phase::cancelled;
}

/// Something that wants to know when a state is done; linked into the state's list meanwhile.
class completion_node {
public:
    enum class when {
        /// Told under the state's lock, before any callback. Must be quick and call no user code;
        /// may live on a waiter's stack.
        at_once,
        /// Told after the lock is released, in order of registration, and not touched afterwards:
        /// `complete` may delete the node. User code belongs here.
        in_turn,
    };

    explicit completion_node(when order) noexcept : when_(order) {}
    completion_node(const completion_node&) = delete;
    completion_node& operator=(const completion_node&) = delete;

    /// Tells the node. A node told at once may return another one, to be told in turn as the last.
    virtual completion_node* complete(shared_state& state) noexcept = 0;

protected:
    virtual ~completion_node() = default;

private:
    friend class shared_state;
    friend class node_list;
    friend class completion_list;

    /// What becomes of the state's reference that a list carries, once its last node was told.
    enum class afterwards : unsigned char { nothing, end_keeping_alive, release_owner };

    completion_node* next_ = nullptr;
    union {
        completion_node* previous_ = nullptr; // while registered
        shared_state* of_;                    // in a completion_list
    };
    when when_;
    // Whether the state would tell it; guarded by the state's lock. Not kept by lists themselves: a
    // completion_list is walked without the lock while others ask remove().
    bool linked_ = false;
    afterwards afterwards_ = afterwards::nothing;
};

/// The nodes registered with a state: a circular list that remembers only its first node, so that any of
/// them is taken out in a step or two.
class node_list {
public:
    bool empty() const noexcept { return first_ == nullptr; }
    completion_node* front() const noexcept { return first_; }
    void push_back(completion_node& node) noexcept;
    void erase(completion_node& node) noexcept;

private:
    completion_node* first_ = nullptr;
};

/// Nodes of states that are done, in the order in which they will be told; each knows its state.
class completion_list {
public:
    bool empty() const noexcept { return first_ == nullptr; }

private:
    friend class shared_state;

    void push_back(completion_node& node, shared_state& state) noexcept;
    completion_node* pop_front() noexcept;

    void append(completion_list later) noexcept;
    void prepend(completion_list earlier) noexcept;

    completion_node* first_ = nullptr;
    completion_node* last_ = nullptr; // if there is a first one
};

/// What futures, promises and executors share: phase, error, reference counts, completion nodes.
///
/// **Thread safety** Every member may be called from any thread unless it says otherwise.
class shared_state {
public:
    shared_state(const shared_state&) = delete;
    shared_state& operator=(const shared_state&) = delete;

    // Lifetime. A new state has one owner and no future. Owners keep the block; futures are owners
    // that are counted once more, so that the last one is known. A failure that nobody looked at is
    // reported when an owner lets go and no future is left.
    void add_owner() noexcept { counts_.fetch_add(one_owner, std::memory_order_relaxed); }
    void release_owner() noexcept;

    /// As `release_owner()`, but reports nothing: for helpers that hold a state while others are
    /// responsible for it.
    void drop_owner() noexcept
    {
        if (counts_.fetch_sub(one_owner, std::memory_order_acq_rel) == one_owner) {
            destroy();
        }
    }

    void add_future() noexcept
    {
        counts_.fetch_add(one_owner + one_future, std::memory_order_relaxed);
    }
    void release_future() noexcept;
    bool is_only_future() const noexcept;

    // Queries.
    phase current() const noexcept
    {
        return phase(word_.load(std::memory_order_acquire) & phase_mask);
    }
    bool done() const noexcept { return is_done(current()); }

    /// Notices work that another process has begun, which moves the state from pending to running.
    void refresh() noexcept
    {
        if (current() == phase::pending && has_begun_elsewhere()) {
            start();
        }
    }
    bool stop_requested() const noexcept
    {
        return (word_.load(std::memory_order_acquire) & stop_bit) != 0;
    }
    bool taken() const noexcept { return (word_.load(std::memory_order_acquire) & taken_bit) != 0; }
    virtual const std::type_info& value_type() const noexcept = 0;

    /// What an error report calls this task.
    virtual std::string task_name() const { return {}; }

    // The producer's moves; each is true for exactly one caller.
    bool start() noexcept;
    bool claim() noexcept;

    /// Leaves "finishing" for a done phase, wakes waiters, runs callbacks. Only after `claim()`.
    void finish(phase outcome) noexcept;

    /// The same for a node that is being told in turn, as its last act: the callbacks run when its
    /// `complete` has returned, before the nodes behind it, and then the caller's reference to this state
    /// is released. So a chain of states needs no stack, however long it is.
    void finish_in_turn(phase outcome) noexcept;

    /// The two halves of `finish`, for executors that have to act between them: the list returned
    /// holds the nodes that are still to be told, by `run_callbacks`.
    completion_list publish(phase outcome) noexcept;
    void run_callbacks(completion_list callbacks) noexcept;

    /// Tells a node that `add()` did not take, in turn.
    void tell(completion_node& node) noexcept;

    /// Runs the callbacks that this thread has put off because too many calls were nested; whoever is about
    /// to block must not wait for one of them.
    static void run_delayed_callbacks() noexcept;

    /// Sets the failure; only between `claim()` and `finish(phase::failed)`.
    void store_error(std::exception_ptr error) noexcept { error_ = std::move(error); }

    // The consumer's moves.
    bool cancel() noexcept;
    bool request_stop() noexcept;

    /// The failure of a state in phase "failed"; counts as having looked at it.
    const std::exception_ptr& observe_error() noexcept;

    /// The same, without having looked.
    const std::exception_ptr& error() const noexcept { return error_; }

    /// True for the one caller who may move the value out.
    bool claim_value() noexcept
    {
        return (word_.fetch_or(taken_bit, std::memory_order_acq_rel) & taken_bit) == 0;
    }

    /// Registers a node; false if the state is already done, and then the node is not touched.
    bool add(completion_node& node) noexcept;

    /// Takes a node out again; false if it has been told, or is about to be.
    bool remove(completion_node& node) noexcept;

    /// Blocks until the state is done; false if the deadline came first.
    bool wait(std::optional<std::chrono::steady_clock::time_point> deadline);

protected:
    shared_state() noexcept = default;
    virtual ~shared_state();

    /// Makes sure that pending work can still be kept from running, for `cancel()`; false if it has begun
    /// where this process cannot see it. Called by any thread, any number of times.
    virtual bool release_work() noexcept { return true; }

    /// Whether work that is pending here has begun elsewhere.
    virtual bool has_begun_elsewhere() const noexcept { return false; }

    /// Destroys the work of a state that will never run, in the thread that cancels.
    virtual void drop_work() noexcept {}

    /// The callbacks of a cancellation have run, in this thread. Nobody may need the executor any more.
    virtual void after_cancellation() noexcept {}

    /// Passes a stop request on to running work; called once at most.
    virtual void on_stop_requested() noexcept {}

private:
    class keep_alive;
    class callback_run;

    static constexpr std::uint32_t phase_mask = 7;
    static constexpr std::uint32_t stop_bit = 1U << 8;
    static constexpr std::uint32_t observed_bit = 1U << 9;
    static constexpr std::uint32_t taken_bit = 1U << 10;
    static constexpr std::uint32_t unwatched_bit =
        1U << 11; // once, the last future went before the end
    static constexpr std::uint64_t one_owner = 1;
    static constexpr std::uint64_t one_future = std::uint64_t{1} << 32;

    class nodes_guard;

    bool move_phase(phase from, phase to) noexcept;
    bool cancel_pending() noexcept;
    void end_keeping_alive() noexcept;
    void destroy() noexcept;
    void report_if_unobserved() noexcept;

    // Owners in the low half, futures in the high half. A release publishes everything its thread
    // did with the state to the thread that destroys it.
    std::atomic<std::uint64_t> counts_{one_owner};

    // Phase and flags. The store of a done phase publishes outcome and error to every reader.
    std::atomic<std::uint32_t> word_{0};

    tiny_lock nodes_lock_;
    node_list nodes_; // guarded by nodes_lock_
    std::exception_ptr error_;
};

/// An owning pointer to a state that does not count as a future.
template <typename State>
class owner_ptr {
public:
    owner_ptr() noexcept = default;

    /// Takes over the reference that a new state starts with.
    static owner_ptr adopt(State* state) noexcept
    {
        owner_ptr result;
        result.state_ = state;
        return result;
    }

    static owner_ptr share(State* state) noexcept
    {
        state->add_owner();
        return adopt(state);
    }

    owner_ptr(owner_ptr&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
    owner_ptr& operator=(owner_ptr&& other) noexcept
    {
        owner_ptr(std::move(other)).swap(*this);
        return *this;
    }
    ~owner_ptr()
    {
        if (state_ != nullptr) {
            state_->release_owner();
        }
    }

    void swap(owner_ptr& other) noexcept { std::swap(state_, other.state_); }
    State* release() noexcept { return std::exchange(state_, nullptr); }
    State* get() const noexcept { return state_; }
    State* operator->() const noexcept { return state_; }
    State& operator*() const noexcept { return *state_; }
    explicit operator bool() const noexcept { return state_ != nullptr; }

private:
    State* state_ = nullptr;
};

} // namespace cofutures::detail
