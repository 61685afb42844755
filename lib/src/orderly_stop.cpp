// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/detail/result_state.hpp>
#include <cofutures/error.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/experimental/channel_error.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <system_error>

namespace cofutures::detail {

namespace {

bool means_cancelled(const boost::system::error_code& code)
{
    // The condition covers what other libraries map to it. Asio's channels map nothing.
    return code == boost::asio::error::operation_aborted ||
           code == boost::system::errc::operation_canceled ||
           code == boost::asio::experimental::error::channel_cancelled;
}

/// What is behind an exception: the first of several, or the nested one; null if there is nothing.
std::exception_ptr cause_of(const std::exception_ptr& error) noexcept
{
    try {
        std::rethrow_exception(error);
    } catch (const boost::asio::multiple_exceptions& several) {
        return several.first_exception();
    } catch (const std::nested_exception& outer) {
        return outer.nested_ptr();
    } catch (...) {
        return nullptr;
    }
}

bool says_cancelled(const std::exception_ptr& error) noexcept
{
    try {
        std::rethrow_exception(error);
    } catch (const cancelled_error&) {
        return true;
    } catch (const boost::system::system_error& failed) {
        return means_cancelled(failed.code());
    } catch (const std::system_error& failed) {
        return failed.code() == std::errc::operation_canceled;
    } catch (...) {
        return false;
    }
}

} // namespace

bool is_orderly_stop(const std::exception_ptr& error) noexcept
{
    for (std::exception_ptr each = error; each; each = cause_of(each)) {
        if (says_cancelled(each)) {
            return true;
        }
    }
    return false;
}

} // namespace cofutures::detail
