// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// What docs/processes.md quotes.

#include <cofutures/process_pool_executor.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

namespace cf = cofutures;
using namespace std::chrono_literals;

// [custom_type
class account {
public:
    account() = default;
    account(std::string owner, long balance) : owner_(std::move(owner)), balance_(balance) {}
    long balance() const { return balance_; }

    template <typename Archive>
    friend void serialize(Archive& archive, account& value)
    {
        archive(value.owner_, value.balance_);
    }

private:
    std::string owner_;
    long balance_ = 0;
};
// custom_type]

// [callables
struct scaled {
    double factor; // part of what is sent

    std::vector<double> operator()(std::vector<double> values) const
    {
        for (double& value : values) {
            value *= factor;
        }
        return values;
    }
};
// callables]

// [exception
struct bad_row {
    int row;
    std::string reason;
};
// exception]

int main(int argc, char** argv)
{
    // [init
    cf::process::init(argc, argv); // first line of main: no thread exists yet
    cf::process_pool_executor pool({.max_workers = 2});
    // init]

    const auto doubled = pool.submit(scaled{2}, std::vector<double>{1, 2, 3}).result();
    std::printf("scaled: %g %g %g\n", doubled[0], doubled[1], doubled[2]);
    std::printf("balance: %ld\n", pool.submit(&account::balance, account("Ada", 1815)).result());

    // [register
    cf::process::register_exception<bad_row>();
    const auto failed = pool.submit([] { throw bad_row{3, "no price"}; });
    try {
        failed.result();
    } catch (const bad_row& e) {
        std::printf("row %d: %s\n", e.row, e.reason.c_str());
    }
    // register]

    // [crash
    const auto crash = pool.submit([] { std::abort(); });
    try {
        crash.result();
    } catch (const cf::worker_crashed& e) {
        std::printf("crashed with signal %d; the pool goes on\n", e.signal());
    }
    // crash]

    // [limits
    const auto polite =
        pool.submit(cf::process::task_options{.soft_time_limit = 50ms}, [](std::stop_token token) {
            while (!token.stop_requested()) {
            }
            return std::string("stopped when asked");
        });
    std::printf("%s\n", polite.result().c_str());

    const auto deaf = pool.submit(cf::process::task_options{.hard_time_limit = 50ms}, [] {
        for (volatile bool forever = true; forever;) {
        }
    });
    try {
        deaf.result();
    } catch (const cf::task_timed_out& e) {
        std::printf("%s\n", e.what());
    }
    // limits]
}
