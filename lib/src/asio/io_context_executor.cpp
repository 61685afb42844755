// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/asio/io_context_executor.hpp>
#include <cofutures/error.hpp>

#include "../fork_guard.hpp"
#include "../standard_descriptors.hpp"
#include "../task_queue.hpp"
#include "../work_elsewhere.hpp"

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

/// The io_context with its threads, the coroutines between submission and end, and the plain calls that
/// went to a pool. The threads own it together, so that it outlives an executor that is destroyed by one
/// of them.
class io_context_executor::impl final : public detail::task_owner,
                                        public detail::task_watcher,
                                        public detail::coroutine_owner,
                                        public std::enable_shared_from_this<impl> {
public:
    explicit impl(io_context_options options)
        : thread_count_(options.threads.value_or(1)),
          prefix_(options.thread_name_prefix.empty() ? default_prefix()
                                                     : std::move(options.thread_name_prefix)),
          context_(thread_count_ == 1 ? 1 : BOOST_ASIO_CONCURRENCY_HINT_DEFAULT),
          work_(context_.get_executor()),
          blocking_(options.blocking)
    {}

    void start();
    asio::io_context& context() noexcept { return context_; }
    bool is_forked_copy() const noexcept { return mutex_.is_inherited(); }
    void require_own_process() const { mutex_.require_own(what); }
    bool is_own_worker() const noexcept { return loop_of == this || plain_call_of == this; }

    void spawn(detail::coroutine_task& coroutine);
    void pass_on(task&& plain_call);

    void cancelling() noexcept override;
    void remove(detail::task_state& coroutine) noexcept override;
    void cancelled() noexcept override;
    void begun() noexcept override { plain_call_of = this; }
    void let_go(bool ran) noexcept override;
    void ended(detail::phase outcome) noexcept override;
    void gone() noexcept override;

    void stop_intake(bool cancel_queued);
    bool wait_idle(std::optional<timeout::clock::time_point> deadline);
    bool join(std::optional<timeout::clock::time_point> deadline);
    void let_go_of_threads() noexcept;
    void outlive_work_elsewhere() noexcept;
    executor_stats stats() const;

private:
    static constexpr const char* what = "io_context_executor";

    void begin(detail::coroutine_task& coroutine, const asio::any_io_executor& executor);
    void count(detail::phase outcome) noexcept;
    void run_thread(std::size_t index) noexcept;
    thread_pool_executor& blocking();
    thread_pool_executor* own_pool() const;
    template <typename Condition>
    bool wait(std::unique_lock<std::mutex>& lock,
              std::optional<timeout::clock::time_point> deadline,
              Condition condition);
    static timeout rest(std::optional<timeout::clock::time_point> deadline);

    const std::size_t thread_count_;
    const std::string prefix_;
    asio::io_context context_;

    detail::guarded_mutex mutex_;
    std::condition_variable changed_;
    // Guarded by mutex_:
    std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_;
    std::vector<std::thread> threads_;
    std::size_t ended_threads_ = 0;    // of these, about to return
    detail::task_queue waiting_;       // submitted, not launched
    std::size_t coroutines_ = 0;       // submitted, callbacks not yet run
    std::size_t running_ = 0;          // of these, launched and not done
    detail::work_elsewhere elsewhere_; // cancellations, plain calls
    bool stopping_ = false;
    bool joining_ = false;
    bool joined_ = false;
    executor_stats totals_;
    thread_pool_executor* blocking_;
    std::unique_ptr<thread_pool_executor> own_pool_; // last: its threads use all of the above

    static thread_local const impl* loop_of;
    static thread_local const impl* plain_call_of;
};

thread_local const io_context_executor::impl* io_context_executor::impl::loop_of = nullptr;
thread_local const io_context_executor::impl* io_context_executor::impl::plain_call_of = nullptr;

void io_context_executor::impl::start()
{
    const auto lock = mutex_.lock();
    threads_.reserve(thread_count_);
    for (std::size_t index = 0; index != thread_count_; ++index) {
        threads_.emplace_back([self = shared_from_this(), index] { self->run_thread(index); });
    }
}

void io_context_executor::impl::run_thread(std::size_t index) noexcept
{
    loop_of = this;
    detail::set_worker_name(prefix_ + "_" + std::to_string(index));
    for (bool runs = true; runs;) {
        try {
            context_.run();
            runs = false;
        } catch (...) {
            detail::report_error(
                {error_report::source::handler, std::current_exception(), prefix_});
        }
    }
    const auto lock = mutex_.lock();
    ++ended_threads_;
    changed_.notify_all();
}

void io_context_executor::impl::spawn(detail::coroutine_task& coroutine)
{
    require_own_process();
    const asio::any_io_executor executor = thread_count_ == 1
                                               ? asio::any_io_executor(context_.get_executor())
                                               : asio::any_io_executor(asio::make_strand(context_));
    coroutine.queued_at = timeout::clock::now();
    coroutine.enter(*this);
    {
        const auto lock = mutex_.lock();
        if (stopping_) {
            throw executor_shut_down();
        }
        asio::post(executor,
                   [this,
                    executor,
                    keep = detail::owner_ptr<detail::shared_state>::share(&coroutine.state()),
                    next = &coroutine] { begin(*next, executor); });
        waiting_.push(coroutine);
        ++coroutines_;
    }
}

/// On the coroutine's executor; the posted function keeps the state alive.
void io_context_executor::impl::begin(detail::coroutine_task& coroutine,
                                      const asio::any_io_executor& executor)
{
    {
        const auto lock = mutex_.lock();
        if (!waiting_.erase(coroutine)) {
            return; // cancelled and counted
        }
        ++running_;
    }
    const auto queue_owner = detail::owner_ptr<detail::shared_state>::adopt(&coroutine.state());
    if (!coroutine.state().start()) {
        coroutine.leave_to_canceller();
        ended(detail::phase::cancelled);
        gone();
        return;
    }
    {
        const auto lock = mutex_.lock();
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
    const auto lock = mutex_.lock();
    --running_;
    count(outcome);
}

void io_context_executor::impl::gone() noexcept
{
    const auto lock = mutex_.lock();
    --coroutines_;
    changed_.notify_all();
}

void io_context_executor::impl::cancelling() noexcept
{
    if (const auto lock = mutex_.lock()) {
        elsewhere_.begin();
    }
}

void io_context_executor::impl::remove(detail::task_state& coroutine) noexcept
{
    {
        const auto lock = mutex_.lock();
        // A forked child cancels its copy of the future only.
        if (!lock || !waiting_.erase(coroutine)) {
            return;
        }
        count(detail::phase::cancelled);
        --coroutines_;
    }
    coroutine.state().release_owner();
}

void io_context_executor::impl::cancelled() noexcept
{
    std::shared_ptr<void> kept;
    if (const auto lock = mutex_.lock()) {
        kept = elsewhere_.end();
        changed_.notify_all();
    }
}

/// To a pool, which tells when it has let go of the call.
void io_context_executor::impl::pass_on(task&& plain_call)
{
    thread_pool_executor& pool = blocking();
    detail::task_state* const call = detail::task_access::release(plain_call);
    plain_call = detail::task_access::adopt(call);
    {
        const auto lock = mutex_.lock();
        if (stopping_) {
            throw executor_shut_down();
        }
        elsewhere_.begin();
    }
    call->watch(*this);
    try {
        detail::executor_access::enqueue(pool, std::move(plain_call));
    } catch (...) {
        if (call->unwatch()) {
            let_go(false);
        }
        throw;
    }
}

void io_context_executor::impl::let_go(bool ran) noexcept
{
    if (ran) {
        plain_call_of = nullptr;
    }
    cancelled();
}

thread_pool_executor& io_context_executor::impl::blocking()
{
    const auto lock = mutex_.lock_own(what);
    if (stopping_) {
        throw executor_shut_down();
    }
    if (blocking_ == nullptr) {
        own_pool_ = std::make_unique<thread_pool_executor>(
            thread_pool_options{.thread_name_prefix = prefix_ + "-blocking"});
        blocking_ = own_pool_.get();
    }
    return *blocking_;
}

thread_pool_executor* io_context_executor::impl::own_pool() const
{
    const auto lock = mutex_.lock();
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
        const auto lock = mutex_.lock();
        stopping_ = true;
        if (cancel_queued) {
            unrun = waiting_.take_all();
            totals_.cancelled += unrun.size();
            coroutines_ -= unrun.size();
        }
        elsewhere_.begin();
    }
    detail::cancel_chain(unrun, *this);
    if (auto* const pool = own_pool()) {
        pool->shutdown({.wait = false, .cancel_futures = cancel_queued});
    }
}

template <typename Condition>
bool io_context_executor::impl::wait(std::unique_lock<std::mutex>& lock,
                                     std::optional<timeout::clock::time_point> deadline,
                                     Condition condition)
{
    if (deadline) {
        return changed_.wait_until(lock, *deadline, condition);
    }
    changed_.wait(lock, condition);
    return true;
}

/// One lock for everything that counts, plain calls included: a task may turn into one of the other kind.
bool io_context_executor::impl::wait_idle(std::optional<timeout::clock::time_point> deadline)
{
    detail::shared_state::run_delayed_callbacks(); // a coroutine may wait for one of them
    const std::size_t here = detail::cancel_scope::count(this, this);
    auto lock = mutex_.lock();
    return wait(lock, deadline, [&] { return coroutines_ == 0 && !elsewhere_.goes_on(here); });
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
    auto lock = mutex_.lock();
    work_.reset();
    // The threads stay while there is other work on the io_context, timers and servers.
    if (!wait(lock, deadline, [this] { return joining_ || ended_threads_ == threads_.size(); })) {
        return false;
    }
    if (joining_) {
        return wait(lock, deadline, [this] { return joined_; });
    }
    joining_ = true;
    lock.unlock();
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
    const auto lock = mutex_.lock();
    work_.reset();
    for (auto& thread : threads_) {
        // A thread cannot wait for itself. It ends when the io_context is out of work, and the last one
        // destroys the impl.
        thread.detach();
    }
    threads_.clear();
    joining_ = true;
    joined_ = true;
    elsewhere_.own(shared_from_this());
}

void io_context_executor::impl::outlive_work_elsewhere() noexcept
{
    const auto lock = mutex_.lock();
    elsewhere_.own(shared_from_this());
}

executor_stats io_context_executor::impl::stats() const
{
    executor_stats now;
    auto* const pool = own_pool();
    if (pool != nullptr) {
        now = pool->stats();
    }
    const auto lock = mutex_.lock();
    if (!lock) {
        return {};
    }
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
{
    // The context opens its events and timers with the first object that waits for one.
    detail::occupy_standard_descriptors();
    impl_ = std::make_shared<impl>(std::move(options));
    try {
        impl_->start();
    } catch (...) {
        impl_->stop_intake(false); // the threads that did start must not wait for work for ever
        impl_->join(std::nullopt);
        throw;
    }
}

io_context_executor::~io_context_executor()
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
        impl_->outlive_work_elsewhere(); // this may be the callback of a cancellation
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
    impl_->pass_on(std::move(work));
}

void io_context_executor::shutdown(shutdown_options options)
{
    if (impl_->is_forked_copy()) {
        return; // its lock may be held for ever by a thread that does not exist here
    }
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
    if (impl_->is_forked_copy()) {
        return true;
    }
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
    impl_->require_own_process();
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
