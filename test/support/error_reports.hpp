// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#pragma once

/// Catches what the library reports to the error handler.

#include <cofutures/error_handler.hpp>

#include <gtest/gtest.h>

#include <exception>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace cofutures::test {

/// Collects error reports while it lives. Reports that the test did not take fail it.
class error_reports {
public:
    error_reports()
        : former_(set_error_handler([this](const error_report& report) {
              const std::lock_guard lock(mutex_);
              reports_.push_back(report);
          }))
    {}
    error_reports(const error_reports&) = delete;
    error_reports& operator=(const error_reports&) = delete;
    ~error_reports()
    {
        set_error_handler(former_);
        for (const auto& report : take()) {
            ADD_FAILURE() << "unexpected error report: " << message(report.exception) << " from '"
                          << report.task << "'";
        }
    }

    /// All reports so far, which are forgotten here.
    std::vector<error_report> take()
    {
        const std::lock_guard lock(mutex_);
        return std::exchange(reports_, {});
    }

    /// The one report there is; an empty one, and a failed test, if there is another number of them.
    error_report take_only()
    {
        auto reports = take();
        EXPECT_EQ(reports.size(), 1U) << "error reports";
        return reports.size() == 1 ? reports.front() : error_report{};
    }

    /// The text of an exception, for comparisons.
    static std::string message(const std::exception_ptr& exception)
    {
        if (!exception) {
            return "no exception";
        }
        try {
            std::rethrow_exception(exception);
        } catch (const std::exception& error) {
            return error.what();
        } catch (...) {
            return "not a std::exception";
        }
    }

private:
    std::mutex mutex_;
    std::vector<error_report> reports_; // guarded by mutex_
    error_handler former_;
};

} // namespace cofutures::test
