// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// The contract of every executor, for the process pool.

#include <cofutures/process_pool_executor.hpp>

#include "contract/executor_contract.hpp"
#include "shared_gates.hpp"

#include <vector>

namespace cofutures::test {

namespace {

class process_pool_harness {
public:
    static constexpr bool queues = true;
    static constexpr bool runs_by_itself = true;
    static constexpr std::size_t workers = 2;

    ~process_pool_harness() { go(); }

    process_pool_executor& executor() { return pool_; }

    template <typename Function>
    Function call(Function function) const
    {
        return function;
    }

    void occupy()
    {
        release_ = new_gate();
        for (std::size_t n = 0; n != workers; ++n) {
            const int begun = new_gate();
            busy_.push_back(pool_.submit(
                [](int started, int finish) {
                    open_gate(started);
                    pass_gate(finish);
                },
                begun,
                release_));
            pass_gate(begun);
        }
    }
    void go()
    {
        if (release_ >= 0) {
            open_gate(release_);
            for (const auto& task : busy_) {
                task.wait();
            }
            busy_.clear();
            release_ = -1;
        }
    }

private:
    process_pool_executor pool_{workers};
    int release_ = -1;
    std::vector<future<void>> busy_;
};

} // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(ProcessPool, ExecutorContract, process_pool_harness);

} // namespace cofutures::test
