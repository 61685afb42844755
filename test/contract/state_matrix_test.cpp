// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// Each operation of future and promise in each of the five states: first on promises, then on every
/// executor that can bring a task into the state.

#include <cofutures/promise.hpp>

#include "support/error_reports.hpp"
#include "support/executors.hpp"
#include "support/gate.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace cofutures::test {

namespace {

using namespace std::chrono_literals;

enum class state { pending, running, cancelled, finished, failed };

constexpr state all_states[] = {
    state::pending, state::running, state::cancelled, state::finished, state::failed};

std::ostream& operator<<(std::ostream& out, state value)
{
    constexpr const char* names[] = {"pending", "running", "cancelled", "finished", "failed"};
    return out << names[static_cast<std::size_t>(value)];
}

/// What an operation did, as text, so that tables stay readable.
template <typename Operation>
std::string outcome_of(Operation&& operation)
{
    try {
        return std::forward<Operation>(operation)();
    } catch (const cancelled_error&) {
        return "cancelled_error";
    } catch (const timeout_error&) {
        return "timeout_error";
    } catch (const invalid_state_error&) {
        return "invalid_state_error";
    } catch (const std::runtime_error& error) {
        return std::string("throws ") + error.what();
    }
}

std::string yes(bool value)
{
    return value ? "true" : "false";
}

/// The state as the queries show it.
std::string seen(const any_future& future)
{
    if (future.cancelled()) {
        return "cancelled";
    }
    if (future.done()) {
        return future.exception() ? "failed" : "finished";
    }
    return future.running() ? "running" : "pending";
}

/// One line of the table: an operation, its outcome in each state, and the state it leaves behind.
struct row {
    const char* name;
    std::function<std::string(const future<int>&)> operation;
    std::vector<std::string> outcomes; // for pending, running, cancelled, finished, failed
    std::vector<std::string> left = {"pending", "running", "cancelled", "finished", "failed"};
};

const std::vector<row>& future_rows()
{
    static const std::vector<row> rows = {
        {"valid",
         [](const auto& f) { return yes(f.valid()); },
         {"true", "true", "true", "true", "true"}},
        {"done",
         [](const auto& f) { return yes(f.done()); },
         {"false", "false", "true", "true", "true"}},
        {"running",
         [](const auto& f) { return yes(f.running()); },
         {"false", "true", "false", "false", "false"}},
        {"cancelled",
         [](const auto& f) { return yes(f.cancelled()); },
         {"false", "false", "true", "false", "false"}},
        {"cancel",
         [](const auto& f) { return yes(f.cancel()); },
         {"true", "false", "true", "false", "false"},
         {"cancelled", "running", "cancelled", "finished", "failed"}},
        {"request_stop",
         [](const auto& f) { return yes(f.request_stop()); },
         {"true", "true", "false", "false", "false"},
         {"cancelled", "running", "cancelled", "finished", "failed"}},
        {"result(0)",
         [](const auto& f) { return std::to_string(f.result(0s)); },
         {"timeout_error", "timeout_error", "cancelled_error", "42", "throws failed"}},
        {"result(-1)",
         [](const auto& f) { return std::to_string(f.result(-1s)); },
         {"timeout_error", "timeout_error", "cancelled_error", "42", "throws failed"}},
        {"result(0) of an expiring handle",
         [](const auto& f) { return std::to_string(future<int>(f).result(0s)); },
         {"timeout_error", "timeout_error", "cancelled_error", "42", "throws failed"}},
        {"take(0)",
         [](const auto& f) { return std::to_string(f.take(0s)); },
         {"timeout_error", "timeout_error", "cancelled_error", "42", "throws failed"}},
        {"take(0) twice",
         [](const auto& f) {
             f.take(0s);
             return std::to_string(f.take(0s));
         },
         {"timeout_error",
          "timeout_error",
          "cancelled_error",
          "invalid_state_error",
          "throws failed"}},
        {"exception(0)",
         [](const auto& f) { return yes(f.exception(0s) != nullptr); },
         {"timeout_error", "timeout_error", "cancelled_error", "false", "true"}},
        {"wait_for(0)",
         [](const auto& f) { return yes(f.wait_for(0s)); },
         {"false", "false", "true", "true", "true"}},
        {"wait_until(past)",
         [](const auto& f) { return yes(f.wait_until({})); },
         {"false", "false", "true", "true", "true"}},
        {"add_done_callback",
         [](const auto& f) {
             // Shared, since the callback may run after this call.
             const auto ran = std::make_shared<bool>(false);
             f.add_done_callback([ran](const any_future&) { *ran = true; });
             return std::string(*ran ? "runs at once" : "runs later");
         },
         {"runs later", "runs later", "runs at once", "runs at once", "runs at once"}},
        {"then",
         [](const auto& f) { return seen(f.then([](int) {})); },
         {"pending", "pending", "cancelled", "finished", "failed"}},
    };
    return rows;
}

/// A task in a state, and the way to let it end with 42 from there.
struct subject {
    future<int> task;
    std::function<void()> finish;
};

void check_rows(const std::function<subject(state)>& bring_into, const std::vector<state>& states)
{
    for (const auto& [name, operation, outcomes, left] : future_rows()) {
        for (const state from : states) {
            SCOPED_TRACE(testing::Message() << name << " while " << from);
            const auto index = static_cast<std::size_t>(from);
            const subject at = bring_into(from);
            ASSERT_EQ(seen(at.task), left[index] == "cancelled" ? seen(at.task) : left[index]);

            EXPECT_EQ(outcome_of([&, &call = operation] { return call(at.task); }),
                      outcomes[index]);

            EXPECT_EQ(seen(at.task), left[index]);
            at.finish();
            EXPECT_TRUE(at.task.wait_for(watchdog));
            EXPECT_EQ(seen(at.task),
                      left[index] == "pending" || left[index] == "running" ? "finished"
                                                                           : left[index]);
        }
    }
}

/// The operations that block: begun in the state, they end as the task does.
void check_blocking(const std::function<subject(state)>& bring_into,
                    const std::vector<state>& states)
{
    const std::pair<const char*, std::function<std::string(const future<int>&)>> operations[] = {
        {"result", [](const auto& f) { return std::to_string(f.result()); }},
        {"take", [](const auto& f) { return std::to_string(f.take()); }},
        {"exception",
         [](const auto& f) {
             return f.exception() ? std::string("throws failed") : std::string("42");
         }},
        {"wait",
         [](const auto& f) {
             f.wait();
             return std::to_string(f.result());
         }},
    };
    for (const auto& [name, operation] : operations) {
        for (const state from : states) {
            SCOPED_TRACE(testing::Message() << name << " while " << from);
            const subject at = bring_into(from);
            std::string outcome;

            std::thread waiter(
                [&, &call = operation] { outcome = outcome_of([&] { return call(at.task); }); });
            at.finish();
            waiter.join();

            EXPECT_EQ(outcome,
                      from == state::cancelled ? "cancelled_error"
                      : from == state::failed  ? "throws failed"
                                               : "42");
        }
    }
}

// Promises

/// A promise in a state.
struct promised {
    std::shared_ptr<promise<int>> source = std::make_shared<promise<int>>();
    future<int> task = source->get_future();

    explicit promised(state into)
    {
        switch (into) {
        case state::pending:
            break;
        case state::running:
            source->set_running_or_notify_cancel();
            break;
        case state::cancelled:
            task.cancel();
            break;
        case state::finished:
            source->set_result(42);
            break;
        case state::failed:
            source->set_exception(std::make_exception_ptr(std::runtime_error("failed")));
            break;
        }
    }

    static subject make(state into)
    {
        const promised made(into);
        return {made.task, [source = made.source] { source->try_set_result(42); }};
    }
};

TEST(StateMatrix, OfPromises)
{
    error_reports reports;

    check_rows(promised::make, {std::begin(all_states), std::end(all_states)});
}

TEST(StateMatrix, OfBlockingOperationsOnPromises)
{
    error_reports reports;

    check_blocking(promised::make, {std::begin(all_states), std::end(all_states)});
}

TEST(StateMatrix, OfTheOperationsOfPromises)
{
    error_reports reports;
    const auto late = std::make_exception_ptr(std::runtime_error("failed"));
    struct promise_row {
        const char* name;
        std::function<std::string(const promise<int>&)> operation;
        std::vector<std::string> outcomes;
        std::vector<std::string> left;
    };
    const promise_row rows[] = {
        {"set_running_or_notify_cancel",
         [](const auto& p) { return yes(p.set_running_or_notify_cancel()); },
         {"true", "invalid_state_error", "false", "invalid_state_error", "invalid_state_error"},
         {"running", "running", "cancelled", "finished", "failed"}},
        {"set_result",
         [](const auto& p) {
             p.set_result(42);
             return std::string("set");
         },
         {"set", "set", "invalid_state_error", "invalid_state_error", "invalid_state_error"},
         {"finished", "finished", "cancelled", "finished", "failed"}},
        {"set_exception",
         [&](const auto& p) {
             p.set_exception(late);
             return std::string("set");
         },
         {"set", "set", "invalid_state_error", "invalid_state_error", "invalid_state_error"},
         {"failed", "failed", "cancelled", "finished", "failed"}},
        {"try_set_result",
         [](const auto& p) { return yes(p.try_set_result(42)); },
         {"true", "true", "false", "false", "false"},
         {"finished", "finished", "cancelled", "finished", "failed"}},
        {"try_set_exception",
         [&](const auto& p) { return yes(p.try_set_exception(late)); },
         {"true", "true", "false", "false", "false"},
         {"failed", "failed", "cancelled", "finished", "failed"}},
        {"get_future",
         [](const auto& p) { return yes(p.get_future().valid()); },
         {"true", "true", "true", "true", "true"},
         {"pending", "running", "cancelled", "finished", "failed"}},
        {"get_stop_token",
         [](const auto& p) { return yes(p.get_stop_token().stop_requested()); },
         {"false", "false", "false", "false", "false"},
         {"pending", "running", "cancelled", "finished", "failed"}},
    };
    for (const auto& [name, operation, outcomes, left] : rows) {
        for (const state from : all_states) {
            SCOPED_TRACE(testing::Message() << name << " while " << from);
            const auto index = static_cast<std::size_t>(from);
            const promised at(from);

            EXPECT_EQ(outcome_of([&, &call = operation] { return call(*at.source); }),
                      outcomes[index]);

            EXPECT_EQ(seen(at.task), left[index]);
            at.source->try_set_result(42);
        }
    }
}

// Executors

/// Brings tasks of an executor into states. Each task has an executor of its own, so that nothing waits
/// for another one's gate.
template <typename Harness>
subject task_in(state into)
{
    struct parts {
        gate begun;
        gate may_end;
        Harness harness;
    };
    const auto made = std::make_shared<parts>();
    const auto submit = [&](auto function) {
        return made->harness.executor().submit(made->harness.call(function));
    };
    const auto gated = [at = made.get()] {
        at->begun.open();
        at->may_end.wait();
        return 42;
    };
    future<int> task;
    switch (into) {
    case state::pending:
        made->harness.occupy();
        task = submit([] { return 42; });
        break;
    case state::running:
        task = submit(gated);
        made->harness.go();
        made->begun.wait();
        break;
    case state::cancelled:
        made->harness.occupy();
        task = submit([] { return 42; });
        EXPECT_TRUE(task.cancel());
        break;
    case state::finished:
        task = submit([] { return 42; });
        made->harness.go();
        task.wait();
        break;
    case state::failed:
        task = submit([]() -> int { throw std::runtime_error("failed"); });
        made->harness.go();
        task.wait();
        break;
    }
    return {task, [made, into] {
                made->may_end.open();
                if (into != state::running) { // there it goes already
                    made->harness.go();
                }
            }};
}

template <typename Harness>
class StateMatrixOf : public testing::Test {
protected:
    static std::vector<state> states()
    {
        if constexpr (Harness::queues) {
            return {std::begin(all_states), std::end(all_states)};
        } else {
            return {state::finished, state::failed}; // it has no others
        }
    }

    error_reports reports;
};

TYPED_TEST_SUITE(StateMatrixOf, in_process_harnesses, harness_names);

TYPED_TEST(StateMatrixOf, EveryOperationInEveryState)
{
    check_rows(task_in<TypeParam>, this->states());
}

TYPED_TEST(StateMatrixOf, EveryBlockingOperationInEveryState)
{
    check_blocking(task_in<TypeParam>, this->states());
}

} // namespace

} // namespace cofutures::test
