// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/asio/io_context_executor.hpp>
#include <cofutures/error.hpp>

#include "../task_queue.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace cofutures {

namespace asio = boost::asio;

namespace {

std::string default_prefix()
{
    static std::atomic<unsigned> executors{0}; // a counter; publishes nothing
    return "io_context_executor-" +
           std::to_string(executors.fetch_add(1, std::memory_order_relaxed));
}

} // namespace

/// The io_context with its threads, and the coroutines between submission and end. The threads own it
/// together, so that it outlives an executor that is destroyed by one of them.
class io_context_executor::impl final : public detail::task_owner, public detail::coroutine_owner {
public:
    explicit impl(io_context_options options)
        : thread_count_(options.threads.value_or(1)),
          prefix_(options.thread_name_prefix.empty() ? default_prefix()
                                                     : std::move(options.thread_name_prefix)),
          context_(thread_count_ == 1 ? 1 : BOOST_ASIO_CONCURRENCY_HINT_DEFAULT),
          work_(context_.get_executor()),
          blocking_(options.blocking)
    {}

    void start(const std::shared_ptr<impl>& self);
    asio::io_context& context() noexcept { return context_; }
    bool is_own_worker() const noexcept { return current_executor == this; }

    void spawn(detail::coroutine_task& coroutine);
    thread_pool_executor& blocking();
    void remove(detail::task_state& coroutine) noexcept override;
    void ended(detail::phase outcome) noexcept override;
    void gone() noexcept override;

    void stop_intake(bool cancel_queued);
    bool wait_idle(std::optional<timeout::clock::time_point> deadline);
    bool join(std::optional<timeout::clock::time_point> deadline);
    void let_go_of_threads() noexcept;
    executor_stats stats() const;

private:
    void begin(detail::coroutine_task& coroutine, const asio::any_io_executor& executor);
    void count(detail::phase outcome) noexcept;
    void run_thread(std::size_t index) noexcept;
    thread_pool_executor* own_pool() const;
    static timeout rest(std::optional<timeout::clock::time_point> deadline);

    const std::size_t thread_count_;
    const std::string prefix_;
    asio::io_context context_;
    std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_;
    std::vector<std::thread> threads_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    // Guarded by mutex_:
    detail::task_queue waiting_; // submitted, not launched
    std::size_t alive_ = 0;      // submitted, callbacks not yet run
    std::size_t running_ = 0;    // launched, not done
    bool stopping_ = false;
    bool joining_ = false;
    bool joined_ = false;
    executor_stats totals_;
    thread_pool_executor* blocking_;
    std::unique_ptr<thread_pool_executor> own_pool_;

    static thread_local const impl* current_executor;
};

thread_local const io_context_executor::impl* io_context_executor::impl::current_executor = nullptr;

void io_context_executor::impl::start(const std::shared_ptr<impl>& self)
{
    threads_.reserve(thread_count_);
    for (std::size_t index = 0; index != thread_count_; ++index) {
        threads_.emplace_back([self, index] { self->run_thread(index); });
    }
}

void io_context_executor::impl::run_thread(std::size_t index) noexcept
{
    current_executor = this;
    detail::set_worker_name(prefix_ + "_" + std::to_string(index));
    for (;;) {
        try {
            context_.run();
            return;
        } catch (...) {
            detail::report_error(
                {error_report::source::handler, std::current_exception(), prefix_});
        }
    }
}

void io_context_executor::impl::spawn(detail::coroutine_task& coroutine)
{
    const asio::any_io_executor executor = thread_count_ == 1
                                               ? asio::any_io_executor(context_.get_executor())
                                               : asio::any_io_executor(asio::make_strand(context_));
    coroutine.queued_at = timeout::clock::now();
    coroutine.enter(*this);
    {
        std::lock_guard lock(mutex_);
        if (stopping_) {
            throw executor_shut_down();
        }
        asio::post(executor,
                   [this,
                    executor,
                    keep = detail::owner_ptr<detail::shared_state>::share(&coroutine.state()),
                    next = &coroutine] { begin(*next, executor); });
        waiting_.push(coroutine);
        ++alive_;
    }
}

/// On the coroutine's executor; the posted function keeps the state alive.
void io_context_executor::impl::begin(detail::coroutine_task& coroutine,
                                      const asio::any_io_executor& executor)
{
    {
        std::lock_guard lock(mutex_);
        if (!waiting_.erase(coroutine)) {
            return; // cancelled and counted
        }
        ++running_;
    }
    const auto queue_owner = detail::owner_ptr<detail::shared_state>::adopt(&coroutine.state());
    if (!coroutine.state().start()) {
        coroutine.leave(); // the cancelling thread may still be on its way to remove()
        ended(detail::phase::cancelled);
        gone();
        return;
    }
    {
        std::lock_guard lock(mutex_);
        totals_.queue_time += timeout::clock::now() - coroutine.queued_at;
    }
    coroutine.launch(executor, *this);
}

void io_context_executor::impl::count(detail::phase outcome) noexcept
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

void io_context_executor::impl::ended(detail::phase outcome) noexcept
{
    std::lock_guard lock(mutex_);
    --running_;
    count(outcome);
}

void io_context_executor::impl::gone() noexcept
{
    std::lock_guard lock(mutex_);
    --alive_;
    changed_.notify_all();
}

void io_context_executor::impl::remove(detail::task_state& coroutine) noexcept
{
    {
        std::lock_guard lock(mutex_);
        if (!waiting_.erase(coroutine)) {
            return;
        }
        count(detail::phase::cancelled);
        --alive_;
        changed_.notify_all();
    }
    coroutine.state().release_owner();
}

thread_pool_executor& io_context_executor::impl::blocking()
{
    std::lock_guard lock(mutex_);
    if (stopping_) {
        throw executor_shut_down();
    }
    if (blocking_ == nullptr) {
        own_pool_ = std::make_unique<thread_pool_executor>(
            thread_pool_options{.thread_name_prefix = prefix_ + "-blocking",
                                .initializer = {[this] { current_executor = this; }}});
        blocking_ = own_pool_.get();
    }
    return *blocking_;
}

thread_pool_executor* io_context_executor::impl::own_pool() const
{
    std::lock_guard lock(mutex_);
    return own_pool_.get();
}

timeout io_context_executor::impl::rest(std::optional<timeout::clock::time_point> deadline)
{
    return deadline ? timeout(*deadline) : timeout();
}

void io_context_executor::impl::stop_intake(bool cancel_queued)
{
    detail::task_chain unrun;
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
        if (cancel_queued) {
            unrun = waiting_.take_all();
            totals_.cancelled += unrun.size();
        }
    }
    std::size_t dropped = unrun.size();
    while (detail::task_state* const coroutine = unrun.pop()) {
        detail::task_access::adopt(coroutine); // dropped, hence cancelled
    }
    for (; dropped != 0; --dropped) {
        gone();
    }
    if (auto* const pool = own_pool()) {
        pool->shutdown({.wait = false, .cancel_futures = cancel_queued});
    }
}

bool io_context_executor::impl::wait_idle(std::optional<timeout::clock::time_point> deadline)
{
    {
        std::unique_lock lock(mutex_);
        const auto idle = [this] { return alive_ == 0; };
        if (!deadline) {
            changed_.wait(lock, idle);
        } else if (!changed_.wait_until(lock, *deadline, idle)) {
            return false;
        }
    }
    auto* const pool = own_pool();
    return pool == nullptr || pool->wait_idle(rest(deadline));
}

/// Only after stop_intake().
bool io_context_executor::impl::join(std::optional<timeout::clock::time_point> deadline)
{
    if (!wait_idle(deadline)) {
        return false;
    }
    if (auto* const pool = own_pool(); pool != nullptr && !pool->shutdown_for(rest(deadline))) {
        return false;
    }
    std::unique_lock lock(mutex_);
    if (joining_) {
        const auto joined = [this] { return joined_; };
        if (deadline) {
            return changed_.wait_until(lock, *deadline, joined);
        }
        changed_.wait(lock, joined);
        return true;
    }
    joining_ = true;
    lock.unlock();
    work_.reset();
    for (auto& thread : threads_) {
        thread.join();
    }
    lock.lock();
    threads_.clear();
    joined_ = true;
    changed_.notify_all();
    return true;
}

void io_context_executor::impl::let_go_of_threads() noexcept
{
    std::lock_guard lock(mutex_);
    work_.reset();
    for (auto& thread : threads_) {
        // A thread cannot wait for itself. It ends when the io_context is out of work, and the last one
        // destroys the impl.
        thread.detach();
    }
    threads_.clear();
    joining_ = true;
    joined_ = true;
}

executor_stats io_context_executor::impl::stats() const
{
    executor_stats now;
    auto* const pool = own_pool();
    if (pool != nullptr) {
        now = pool->stats();
    }
    std::lock_guard lock(mutex_);
    now.queued += waiting_.size();
    now.running += running_;
    now.finished += totals_.finished;
    now.failed += totals_.failed;
    now.cancelled += totals_.cancelled;
    now.queue_time += totals_.queue_time;
    now.workers += joined_ ? 0 : thread_count_;
    return now;
}

io_context_executor::io_context_executor(io_context_options options)
    : impl_(std::make_shared<impl>(std::move(options)))
{
    try {
        impl_->start(impl_);
    } catch (...) {
        impl_->stop_intake(false); // the threads that did start must not wait for work for ever
        impl_->join(std::nullopt);
        throw;
    }
}

io_context_executor::~io_context_executor()
{
    impl_->stop_intake(false);
    if (impl_->is_own_worker()) {
        impl_->let_go_of_threads();
    } else {
        impl_->join(std::nullopt);
    }
}

asio::io_context& io_context_executor::context() noexcept
{
    return impl_->context();
}

void io_context_executor::spawn(detail::coroutine_task& coroutine)
{
    task owned = detail::task_access::adopt(&coroutine);
    impl_->spawn(coroutine);
    detail::task_access::release(owned); // it is the executor's now
}

void io_context_executor::enqueue(task&& work)
{
    detail::executor_access::enqueue(impl_->blocking(), std::move(work));
}

void io_context_executor::shutdown(shutdown_options options)
{
    impl_->stop_intake(options.cancel_futures);
    if (options.wait) {
        if (impl_->is_own_worker()) {
            throw deadlock_error(
                "cofutures: shutdown() on a thread of the same executor would wait for itself");
        }
        impl_->join(std::nullopt);
    }
}

bool io_context_executor::shutdown_for(timeout limit)
{
    const auto deadline = limit.deadline();
    impl_->stop_intake(false);
    if (impl_->is_own_worker()) {
        throw deadlock_error(
            "cofutures: shutdown_for() on a thread of the same executor would wait for itself");
    }
    return impl_->join(deadline);
}

bool io_context_executor::wait_idle(timeout limit)
{
    if (impl_->is_own_worker()) {
        throw deadlock_error(
            "cofutures: wait_idle() on a thread of the same executor would wait for itself");
    }
    return impl_->wait_idle(limit.deadline());
}

executor_stats io_context_executor::stats() const
{
    return impl_->stats();
}

} // namespace cofutures
