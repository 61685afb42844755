// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/detail/config.hpp>
#include <cofutures/error.hpp>
#include <cofutures/thread_pool_executor.hpp>

#include "fork_guard.hpp"
#include "standard_descriptors.hpp"
#include "task_queue.hpp"
#include "work_elsewhere.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace cofutures {

namespace asio = boost::asio;

namespace {

/// How many tasks a pump runs before other handlers of the pool get a turn.
constexpr int tasks_per_pump = 64;

std::string default_prefix()
{
    static std::atomic<unsigned> pools{0}; // a counter; publishes nothing
    return "thread_pool_executor-" + std::to_string(pools.fetch_add(1, std::memory_order_relaxed));
}

/// Memory for the one operation of a pump that Asio holds at a time, so that posting allocates nothing.
class pump_memory {
public:
    void* allocate(std::size_t bytes)
    {
        return bytes <= storage_.size() ? storage_.data() : ::operator new(bytes);
    }
    void deallocate(void* memory) noexcept
    {
        if (memory != storage_.data()) {
            ::operator delete(memory);
        }
    }

private:
    alignas(std::max_align_t) std::array<std::byte, 128> storage_;
};

template <typename T>
struct pump_allocator {
    using value_type = T;

    explicit pump_allocator(pump_memory& memory_) noexcept : memory(&memory_) {}
    template <typename U>
    pump_allocator(const pump_allocator<U>& other) noexcept : memory(other.memory)
    {}

    T* allocate(std::size_t count) { return static_cast<T*>(memory->allocate(count * sizeof(T))); }
    void deallocate(T* block, std::size_t) noexcept { memory->deallocate(block); }

    friend bool operator==(const pump_allocator&, const pump_allocator&) noexcept = default;

    pump_memory* memory;
};

} // namespace

/// The queue, the threads, and the handlers ("pumps") that move tasks from one to the other.
///
/// Asio sees at most one pump per worker; a pump takes tasks out of the queue one by one until none is
/// left. A pump is *free* while it is not busy with user code, that is, while it is certain to look at
/// the queue soon. A submission starts another pump only when the free ones are too few.
///
/// Threads own the impl together, so that it outlives an executor that is destroyed by one of them.
class thread_pool_executor::impl final : public detail::task_owner,
                                         public std::enable_shared_from_this<impl> {
public:
    explicit impl(thread_pool_options options)
        : max_workers_(options.max_workers.value_or(std::min<std::size_t>(32, usable_cpus() + 4))),
          prefix_(options.thread_name_prefix.empty() ? default_prefix()
                                                     : std::move(options.thread_name_prefix)),
          initializer_(std::move(options.initializer))
    {}

    std::size_t max_workers() const noexcept { return max_workers_; }
    bool is_forked_copy() const noexcept { return mutex_.is_inherited(); }
    void require_own_process() const { mutex_.require_own("thread pool"); }
    bool is_own_worker() const noexcept { return current_pool == this; }

    void enqueue(task&& work);
    void cancelling() noexcept override;
    void remove(detail::task_state& work) noexcept override;
    void cancelled() noexcept override;
    void stop_intake(bool cancel_queued);
    bool wait_idle(std::optional<timeout::clock::time_point> deadline);
    bool join(std::optional<timeout::clock::time_point> deadline);
    void let_go_of_threads() noexcept;
    void outlive_cancellations() noexcept;
    executor_stats stats() const;

private:
    struct pump {
        using allocator_type = pump_allocator<void>;
        allocator_type get_allocator() const noexcept { return allocator_type(*memory); }
        void operator()() { owner->run_pump(*memory); }

        impl* owner; // a thread runs the pump, and every thread owns the impl
        pump_memory* memory;
    };

    /// A pump that is counted and has to be posted: without the lock, because the thread that this
    /// wakes wants the lock at once. Until then the threads must not run out of work and end.
    struct further_pump {
        pump_memory* memory;
        asio::executor_work_guard<asio::thread_pool::executor_type> work;
    };

    void add_pump_if_needed(std::optional<further_pump>& added);
    void post(const std::optional<further_pump>& added) noexcept
    {
        if (added) {
            asio::post(pool_, pump{this, added->memory});
        }
    }
    void run_pump(pump_memory& memory) noexcept;
    void run(detail::task_state& work) noexcept;
    void count(detail::phase outcome) noexcept;
    void start_thread();
    void run_thread(std::size_t index) noexcept;
    void break_pool(const std::exception_ptr& cause) noexcept;
    static void fail(detail::task_state& work, const std::exception_ptr& reason) noexcept;
    bool is_idle(std::size_t cancellations_here) const noexcept
    {
        return queue_.empty() && pumps_ == 0 && !elsewhere_.goes_on(cancellations_here);
    }

    const std::size_t max_workers_;
    const std::string prefix_;
    const cofutures::initializer initializer_;

    asio::thread_pool pool_{0};

    detail::guarded_mutex mutex_;
    std::condition_variable idle_; // of whatever is_idle() looks at
    // Guarded by mutex_:
    detail::task_queue queue_;
    detail::work_elsewhere elsewhere_;
    std::deque<pump_memory> memory_;
    std::vector<pump_memory*> free_memory_;
    std::size_t pumps_ = 0;      // posted or running
    std::size_t free_pumps_ = 0; // of these, not busy with user code
    std::size_t running_ = 0;
    bool stopping_ = false;
    std::exception_ptr broken_;
    executor_stats totals_; // finished, failed, cancelled, times
    std::vector<std::thread> threads_;
    std::size_t ended_threads_ = 0; // of these, about to return
    bool joining_ = false;
    bool joined_ = false;

    static thread_local const impl* current_pool;
};

thread_local const thread_pool_executor::impl* thread_pool_executor::impl::current_pool = nullptr;

void thread_pool_executor::impl::enqueue(task&& work)
{
    mutex_.require_own("thread pool");
    detail::task_state* const state = detail::task_access::release(work);
    state->queued_at = timeout::clock::now();
    state->enter(*this);
    std::optional<further_pump> added;
    try {
        const auto lock = mutex_.lock();
        if (broken_) {
            std::rethrow_exception(broken_);
        }
        if (stopping_) {
            throw executor_shut_down();
        }
        queue_.push(*state);
        try {
            add_pump_if_needed(added);
        } catch (...) {
            // Without a thread the task would never run; with one, it only has to wait.
            if (threads_.empty()) {
                queue_.erase(*state);
                throw;
            }
        }
    } catch (...) {
        state->leave();
        work = detail::task_access::adopt(state);
        throw;
    }
    post(added);
}

/// Called with the lock held.
void thread_pool_executor::impl::add_pump_if_needed(std::optional<further_pump>& added)
{
    if (queue_.size() <= free_pumps_ || pumps_ == max_workers_) {
        return;
    }
    if (threads_.size() == pumps_) {
        start_thread();
    }
    if (free_memory_.empty()) {
        free_memory_.reserve(memory_.size() + 1); // so that returning memory cannot fail
        free_memory_.push_back(&memory_.emplace_back());
    }
    added.emplace(further_pump{free_memory_.back(), asio::make_work_guard(pool_)});
    free_memory_.pop_back();
    ++pumps_;
    ++free_pumps_;
}

void thread_pool_executor::impl::run_pump(pump_memory& memory) noexcept
{
    for (int n = 0; n != tasks_per_pump; ++n) {
        detail::task_state* work = nullptr;
        {
            const auto lock = mutex_.lock();
            work = queue_.pop();
            --free_pumps_;
            if (work == nullptr) {
                --pumps_;
                free_memory_.push_back(&memory);
                if (queue_.empty() && pumps_ == 0) {
                    idle_.notify_all();
                }
                return;
            }
            ++running_;
        }
        run(*work);
    }
    asio::post(pool_, pump{this, &memory});
}

void thread_pool_executor::impl::run(detail::task_state& work) noexcept
{
    detail::shared_state& state = work.state();
    detail::task_watcher* watcher = nullptr;
    detail::completion_list callbacks;
    if (state.start()) {
        watcher = work.watcher();
        if (watcher != nullptr) {
            watcher->begun();
        }
        const auto begun = timeout::clock::now();
        const detail::phase outcome = work.perform();
        const auto ended = timeout::clock::now();
        {
            // Before the outcome shows: whoever sees it finds this worker free and the task counted.
            const auto lock = mutex_.lock();
            --running_;
            ++free_pumps_;
            totals_.queue_time += begun - work.queued_at;
            totals_.run_time += ended - begun;
            count(outcome);
        }
        callbacks = state.publish(outcome);
    } else {
        work.leave_to_canceller();
        const auto lock = mutex_.lock();
        --running_;
        ++free_pumps_;
        count(detail::phase::cancelled);
    }
    if (!callbacks.empty()) {
        // Callbacks may block, and may wait for tasks of this pool.
        std::optional<further_pump> added;
        {
            const auto lock = mutex_.lock();
            --free_pumps_;
            try {
                add_pump_if_needed(added);
            } catch (...) {
                // No further thread: this one goes on afterwards.
            }
        }
        post(added);
        state.run_callbacks(callbacks);
        const auto lock = mutex_.lock();
        ++free_pumps_;
    }
    state.release_owner(); // may report the failure
    if (watcher != nullptr) {
        watcher->let_go(true);
    }
}

void thread_pool_executor::impl::count(detail::phase outcome) noexcept
{
    switch (outcome) {
    case detail::phase::succeeded:
        ++totals_.finished;
        break;
    case detail::phase::failed:
        ++totals_.failed;
        break;
    default:
        ++totals_.cancelled;
        break;
    }
}

void thread_pool_executor::impl::cancelling() noexcept
{
    if (const auto lock = mutex_.lock()) {
        elsewhere_.begin();
    }
}

void thread_pool_executor::impl::remove(detail::task_state& work) noexcept
{
    {
        const auto lock = mutex_.lock();
        // A forked child cancels its copy of the future only. Otherwise a pump may have the task, and will
        // find it cancelled.
        if (!lock || !queue_.erase(work)) {
            return;
        }
        count(detail::phase::cancelled);
    }
    work.state().release_owner();
}

void thread_pool_executor::impl::cancelled() noexcept
{
    std::shared_ptr<void> kept;
    if (const auto lock = mutex_.lock()) {
        kept = elsewhere_.end();
        idle_.notify_all();
    }
}

void thread_pool_executor::impl::start_thread()
{
    threads_.reserve(threads_.size() + 1);
    threads_.emplace_back(
        [self = shared_from_this(), index = threads_.size()] { self->run_thread(index); });
}

void thread_pool_executor::impl::run_thread(std::size_t index) noexcept
{
    current_pool = this;
    try {
        detail::set_worker_name(prefix_ + "_" + std::to_string(index));
        initializer_();
    } catch (...) {
        break_pool(std::current_exception());
    }
    pool_.attach();
    const auto lock = mutex_.lock();
    ++ended_threads_;
    idle_.notify_all();
}

void thread_pool_executor::impl::break_pool(const std::exception_ptr& cause) noexcept
{
    std::exception_ptr broken;
    try {
        try {
            std::rethrow_exception(cause);
        } catch (...) {
            std::throw_with_nested(broken_thread_pool("the thread pool " + prefix_ +
                                                      " is broken: an initializer failed"));
        }
    } catch (...) {
        broken = std::current_exception();
    }
    detail::report_error({error_report::source::initializer, cause, prefix_});

    detail::task_chain unrun;
    {
        const auto lock = mutex_.lock();
        broken_ = broken;
        unrun = queue_.take_all();
        totals_.failed += unrun.size();
    }
    while (detail::task_state* const work = unrun.pop()) {
        fail(*work, broken);
    }
    const auto lock = mutex_.lock();
    idle_.notify_all();
}

void thread_pool_executor::impl::fail(detail::task_state& work,
                                      const std::exception_ptr& reason) noexcept
{
    detail::task_watcher* watcher = nullptr;
    if (work.abandon(reason)) {
        watcher = work.watcher();
    } else {
        work.leave_to_canceller();
    }
    work.state().release_owner();
    if (watcher != nullptr) {
        watcher->let_go(false);
    }
}

void thread_pool_executor::impl::stop_intake(bool cancel_queued)
{
    detail::task_chain unrun;
    {
        const auto lock = mutex_.lock();
        if (!stopping_) {
            stopping_ = true;
            // Ends the pool's own claim on its threads; without threads of its own this does not block.
            pool_.wait();
        }
        if (cancel_queued) {
            unrun = queue_.take_all();
            totals_.cancelled += unrun.size();
        }
        elsewhere_.begin();
    }
    detail::cancel_chain(unrun, *this);
}

bool thread_pool_executor::impl::wait_idle(std::optional<timeout::clock::time_point> deadline)
{
    detail::shared_state::run_delayed_callbacks(); // a task may wait for one of them
    const std::size_t here = detail::cancel_scope::count(this);
    auto lock = mutex_.lock();
    const auto idle = [&] { return is_idle(here); };
    if (!deadline) {
        idle_.wait(lock, idle);
        return true;
    }
    return idle_.wait_until(lock, *deadline, idle);
}

/// Only after stop_intake(): from then on no thread is added.
bool thread_pool_executor::impl::join(std::optional<timeout::clock::time_point> deadline)
{
    if (!wait_idle(deadline)) {
        return false;
    }
    auto lock = mutex_.lock();
    // A thread may still be busy with its initializer although others have done all the work.
    const auto ended = [this] { return joining_ || ended_threads_ == threads_.size(); };
    if (!deadline) {
        idle_.wait(lock, ended);
    } else if (!idle_.wait_until(lock, *deadline, ended)) {
        return false;
    }
    if (joining_) {
        const auto joined = [this] { return joined_; };
        if (deadline) {
            return idle_.wait_until(lock, *deadline, joined);
        }
        idle_.wait(lock, joined);
        return true;
    }
    joining_ = true;
    lock.unlock();
    for (auto& thread : threads_) {
        thread.join();
    }
    lock.lock();
    threads_.clear();
    joined_ = true;
    idle_.notify_all();
    return true;
}

void thread_pool_executor::impl::let_go_of_threads() noexcept
{
    const auto lock = mutex_.lock();
    for (auto& thread : threads_) {
        // The one place without a join: a thread cannot wait for itself. It ends when the queue is
        // empty, and the last one destroys the impl.
        thread.detach();
    }
    threads_.clear();
    joining_ = true;
    joined_ = true;
    elsewhere_.own(shared_from_this());
}

void thread_pool_executor::impl::outlive_cancellations() noexcept
{
    const auto lock = mutex_.lock();
    elsewhere_.own(shared_from_this());
}

executor_stats thread_pool_executor::impl::stats() const
{
    const auto lock = mutex_.lock();
    executor_stats now = totals_;
    now.queued = queue_.size();
    now.running = running_;
    now.workers = threads_.size();
    return now;
}

thread_pool_executor::thread_pool_executor(thread_pool_options options)
{
    detail::occupy_standard_descriptors(); // the number of CPUs is read from files
    impl_ = std::make_shared<impl>(std::move(options));
}

thread_pool_executor::~thread_pool_executor()
{
    if (impl_->is_forked_copy()) {
        // Its threads do not exist here; joining them would never return. The copy is left alone.
        static_cast<void>(new std::shared_ptr<impl>(std::move(impl_)));
        return;
    }
    impl_->stop_intake(false);
    if (impl_->is_own_worker()) {
        impl_->let_go_of_threads();
    } else {
        impl_->join(std::nullopt);
        impl_->outlive_cancellations(); // this may be the callback of one
    }
}

std::size_t thread_pool_executor::max_workers() const noexcept
{
    return impl_->max_workers();
}

void thread_pool_executor::shutdown(shutdown_options options)
{
    if (impl_->is_forked_copy()) {
        return; // its lock may be held for ever by a thread that does not exist here
    }
    impl_->stop_intake(options.cancel_futures);
    if (options.wait) {
        if (impl_->is_own_worker()) {
            throw deadlock_error(
                "cofutures: shutdown() on a worker of the same pool would wait for itself");
        }
        impl_->join(std::nullopt);
    }
}

bool thread_pool_executor::shutdown_for(timeout limit)
{
    if (impl_->is_forked_copy()) {
        return true;
    }
    const auto deadline = limit.deadline();
    impl_->stop_intake(false);
    if (impl_->is_own_worker()) {
        throw deadlock_error(
            "cofutures: shutdown_for() on a worker of the same pool would wait for itself");
    }
    return impl_->join(deadline);
}

bool thread_pool_executor::wait_idle(timeout limit)
{
    impl_->require_own_process();
    if (impl_->is_own_worker()) {
        throw deadlock_error(
            "cofutures: wait_idle() on a worker of the same pool would wait for itself");
    }
    return impl_->wait_idle(limit.deadline());
}

executor_stats thread_pool_executor::stats() const
{
    return impl_->is_forked_copy() ? executor_stats() : impl_->stats();
}

void thread_pool_executor::enqueue(task&& work)
{
    impl_->enqueue(std::move(work));
}

} // namespace cofutures
