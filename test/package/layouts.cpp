// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// What check_layouts.py compiles with each compiler, after an #include of every public header: it makes
/// the compiler describe the templates, too.

namespace {

namespace cf = cofutures;

struct plain {
    int operator()(int value) const { return value; }
};

struct stoppable {
    std::string operator()(const std::stop_token&, int value) const
    {
        return std::to_string(value);
    }
};

struct text_of {
    std::string operator()(const std::string& text) const { return text; }
};

struct coroutine {
    boost::asio::awaitable<int> operator()(int value) const { co_return value; }
};

[[maybe_unused]] void
use(cf::executor& executor, cf::io_context_executor& io, cf::process_pool_executor& processes)
{
    const std::vector<cf::future<int>> futures = {
        executor.submit(plain(), 1),
        executor.submit(cf::task_options{"named"}, plain(), 1),
        io.submit(cf::task_options{"named"}, coroutine(), 1),
        processes.submit(cf::process::task_options{.name = "named"}, plain(), 1)};
    const cf::future<std::string> text = executor.submit(stoppable(), 1).then(text_of());
    const cf::promise<std::string> promise;
    const cf::wait_result waited = cf::wait(futures);
    const auto first = cf::when_any(futures);
    const auto all = cf::when_all(futures);
    const auto done = cf::as_completed(futures);
    const auto mapped = executor.map(plain(), std::vector<int>{1});
    const cf::completion_queue<cf::future<int>> queue;
}

} // namespace
