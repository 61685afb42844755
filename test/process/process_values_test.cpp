// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

/// What arrives is what was sent, above all when it is an exception.

#include <cofutures/process_pool_executor.hpp>

#include "twin_errors.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <boost/throw_exception.hpp>

#include <gtest/gtest.h>

#include <any>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <regex>
#include <set>
#include <sstream>
#include <system_error>
#include <variant>

namespace cf = cofutures;
using namespace std::chrono_literals;

namespace {

constexpr auto watchdog = 20s;

/// The program's own errors.
class card_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "card"; }
    std::string message(int value) const override
    {
        return value == 1 ? "card was declined" : "card has expired";
    }
    std::error_condition default_error_condition(int value) const noexcept override
    {
        return value == 2 ? std::make_error_condition(std::errc::timed_out)
                          : std::error_condition(value, *this);
    }
};

/// Calls itself as the standard one does.
class false_generic final : public std::error_category {
public:
    const char* name() const noexcept override { return "generic"; }
    std::string message(int) const override { return "not what you think"; }
};

/// Says something else each time.
class counting_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "counting"; }
    std::string message(int) const override { return "time " + std::to_string(++times_); }

private:
    mutable int times_ = 0;
};

// Nobody deletes a category, so Boost's has no virtual destructor.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class drawer_category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "drawer"; }
    std::string message(int) const override { return "drawer is stuck"; }
};
#pragma GCC diagnostic pop

const card_category cards;
const false_generic not_generic;
const counting_category counting;
const drawer_category drawers;

/// What `f` throws, as the program sees it.
template <typename F>
std::exception_ptr failure_of(cf::process_pool_executor& pool, F f)
{
    return pool.submit(f).exception(watchdog);
}

template <typename E>
void expect_as_thrown_here(cf::process_pool_executor& pool, void (*f)())
{
    std::string here;
    try {
        f();
        ADD_FAILURE() << "nothing was thrown here";
    } catch (const E& e) {
        here = e.what();
    }
    try {
        std::rethrow_exception(failure_of(pool, f));
    } catch (const E& e) {
        EXPECT_EQ(e.what(), here);
    } catch (const cf::remote_error& e) {
        ADD_FAILURE() << "its type was lost: " << e.type_name() << ": " << e.what();
    }
}

class plain_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class richer_error : public plain_error {
public:
    richer_error(const std::string& text, int row) : plain_error(text), row_(row) {}
    int row() const { return row_; }

private:
    int row_;
};

class coded_error : public std::runtime_error {
public:
    explicit coded_error(int code = 0) : std::runtime_error("coded"), code_(code) {}
    int code() const { return code_; }

    template <typename Archive>
    void serialize(Archive& archive)
    {
        archive(code_);
    }

private:
    int code_;
};

class derived_coded_error : public coded_error {
public:
    using coded_error::coded_error;
    std::string detail = "more";
};

/// Makes more of its text than it was given.
class decorating_error : public std::runtime_error {
public:
    explicit decorating_error(const std::string& name) : std::runtime_error("cannot read " + name)
    {}
};

struct twin_error { // there is another one in twin_errors.cpp
    int number = 0;
};

class wordless : public std::exception {
public:
    const char* what() const noexcept override { return nullptr; }
};

struct by_length {
    bool descending = false;
    bool operator()(const std::string& a, const std::string& b) const
    {
        return descending ? a.size() > b.size() : a.size() < b.size();
    }
};

} // namespace

TEST(ProcessErrorCodes, OfTheProgramsOwnCategoryKeepNameTextAndInequality)
{
    cf::process_pool_executor pool(1);

    try {
        pool.submit([] { throw std::system_error(1, cards, "paying"); }).result(watchdog);
        ADD_FAILURE() << "nothing was thrown";
    } catch (const std::system_error& e) {
        EXPECT_STREQ(e.what(), "paying: card was declined");
        EXPECT_STREQ(e.code().category().name(), "card");
        EXPECT_EQ(e.code().value(), 1);
        EXPECT_EQ(e.code().message(), "card was declined");
        EXPECT_NE(e.code(), std::errc::operation_not_permitted); // which is 1 as well
        EXPECT_NE(e.code().category(), std::generic_category());
    }
}

TEST(ProcessErrorCodes, OfOneCategoryAreEqualWhereTheyWere)
{
    cf::process_pool_executor pool(1);
    const auto code_of = [&](int value) {
        try {
            pool.submit([](int v) { throw std::system_error(v, cards); }, value).result(watchdog);
        } catch (const std::system_error& e) {
            return e.code();
        }
        return std::error_code();
    };
    const auto declined = code_of(1);
    const auto expired = code_of(2);

    EXPECT_EQ(declined, code_of(1));
    EXPECT_NE(declined, expired);
    EXPECT_EQ(declined.category(), expired.category());
    EXPECT_EQ(declined.message(), "card was declined");
    EXPECT_EQ(expired.message(), "card has expired");
    EXPECT_EQ(expired, std::errc::timed_out);
    EXPECT_NE(declined, std::errc::timed_out);
}

TEST(ProcessErrorCodes, AreNotMistakenForOnesOfTheSameName)
{
    cf::process_pool_executor pool(1);

    try {
        pool.submit([] { throw std::system_error(ENOENT, not_generic); }).result(watchdog);
        ADD_FAILURE() << "nothing was thrown";
    } catch (const std::system_error& e) {
        EXPECT_STREQ(e.what(), "not what you think");
        EXPECT_NE(e.code(), std::errc::no_such_file_or_directory);
    }
}

TEST(ProcessErrorCodes, WhoseTextChangesKeepWhatTheExceptionSaid)
{
    cf::process_pool_executor pool(1);

    try {
        pool.submit([] { throw std::system_error(1, counting, "calling"); }).result(watchdog);
        ADD_FAILURE() << "nothing was thrown";
    } catch (const std::system_error& e) {
        EXPECT_STREQ(e.what(), "calling: time 1");
        EXPECT_STREQ(e.code().category().name(), "counting");
    }
}

TEST(ProcessErrorCodes, InFilesystemErrorsAndStreamsToo)
{
    cf::process_pool_executor pool(1);

    try {
        pool.submit([] {
                throw std::filesystem::filesystem_error(
                    "reading: card was declined", "/card", std::error_code(1, cards));
            })
            .result(watchdog);
        ADD_FAILURE() << "nothing was thrown";
    } catch (const std::filesystem::filesystem_error& e) {
        EXPECT_STREQ(e.what(),
                     std::filesystem::filesystem_error(
                         "reading: card was declined", "/card", std::error_code(1, cards))
                         .what());
        EXPECT_EQ(e.path1(), "/card");
        EXPECT_STREQ(e.code().category().name(), "card");
        EXPECT_NE(e.code(), std::errc::operation_not_permitted);
    }
    try {
        pool.submit([] { throw std::ios_base::failure("slot", std::error_code(1, cards)); })
            .result(watchdog);
        ADD_FAILURE() << "nothing was thrown";
    } catch (const std::ios_base::failure& e) {
        EXPECT_STREQ(e.what(), "slot: card was declined");
        EXPECT_STREQ(e.code().category().name(), "card");
    }
}

TEST(ProcessErrorCodes, OfBoostKeepTypeTextAndCategory)
{
    cf::process_pool_executor pool(1);
    const auto thrown_by = [&](auto f) -> boost::system::error_code {
        try {
            pool.submit(f).result(watchdog);
        } catch (const boost::system::system_error& e) {
            EXPECT_NE(std::string(e.what()).find("working"), std::string::npos);
            EXPECT_NE(std::string(e.what()).find(e.code().message()), std::string::npos);
            return e.code();
        }
        return {};
    };

    EXPECT_EQ(thrown_by([] {
                  boost::throw_exception(
                      boost::system::system_error(boost::asio::error::eof, "working"));
              }),
              boost::asio::error::eof);
    EXPECT_EQ(thrown_by([] {
                  throw boost::system::system_error(
                      ENOENT, boost::system::generic_category(), "working");
              }),
              boost::system::errc::no_such_file_or_directory);
    const auto own = thrown_by([] { throw boost::system::system_error(1, drawers, "working"); });
    EXPECT_STREQ(own.category().name(), "drawer");
    EXPECT_EQ(own.message(), "drawer is stuck");
    EXPECT_NE(own, boost::system::errc::operation_not_permitted);
}

TEST(ProcessExceptionTexts, ArriveAsTheyWereThrown)
{
    cf::process_pool_executor pool(1);

    expect_as_thrown_here<std::bad_variant_access>(
        pool, [] { static_cast<void>(std::get<0>(std::variant<int, char>('x'))); });
    expect_as_thrown_here<std::ios_base::failure>(pool, [] {
        std::istringstream stream("x");
        stream.exceptions(std::ios::failbit);
        int number = 0;
        stream >> number;
    });
    expect_as_thrown_here<std::regex_error>(pool, [] { const std::regex broken("(a"); });
    expect_as_thrown_here<std::future_error>(pool, [] {
        std::promise<int> promise;
        static_cast<void>(promise.get_future());
        static_cast<void>(promise.get_future());
    });
    expect_as_thrown_here<std::bad_any_cast>(
        pool, [] { static_cast<void>(std::any_cast<char>(std::any(1))); });
    expect_as_thrown_here<std::bad_function_call>(pool, [] { std::function<void()>()(); });
    expect_as_thrown_here<std::filesystem::filesystem_error>(
        pool, [] { std::filesystem::rename("/proc/self/no: No such file or directory", "/x"); });
}

TEST(ProcessExceptionTexts, SurviveAPoolWithinATask)
{
    cf::process_pool_executor pool(1);
    const auto through_another = [] {
        cf::process_pool_executor inner(1);
        inner.submit([] { static_cast<void>(std::get<0>(std::variant<int, char>('x'))); }).result();
    };

    try {
        pool.submit(through_another).result(watchdog);
        ADD_FAILURE() << "nothing was thrown";
    } catch (const std::bad_variant_access& e) {
        EXPECT_NE(std::string(e.what()), std::bad_variant_access().what());
    }
}

TEST(ProcessExceptionTexts, WhichARegisteredTypeCannotRepeatMakeItARemoteError)
{
    cf::process::register_exception<decorating_error>();
    cf::process_pool_executor pool(1);

    try {
        pool.submit([] { throw decorating_error("the list"); }).result(watchdog);
        ADD_FAILURE() << "nothing was thrown";
    } catch (const cf::remote_error& e) {
        EXPECT_STREQ(e.what(), "cannot read the list"); // not "cannot read cannot read the list"
        EXPECT_NE(e.type_name().find("decorating_error"), std::string::npos);
    }
}

TEST(ProcessExceptionTexts, MayBeMissing)
{
    cf::process_pool_executor pool(1);

    try {
        pool.submit([] { throw wordless(); }).result(watchdog);
        ADD_FAILURE() << "nothing was thrown";
    } catch (const cf::remote_error& e) {
        EXPECT_STREQ(e.what(), "");
    }
    EXPECT_THROW(pool.submit([] { throw static_cast<const char*>(nullptr); }).result(watchdog),
                 cf::remote_error);
}

TEST(ProcessExceptions, DerivedFromRegisteredOnesAreNotCutDown)
{
    cf::process::register_exception<plain_error>();
    cf::process::register_exception<coded_error>();
    cf::process_pool_executor pool(1);

    try {
        pool.submit([] { throw richer_error("bad row", 3); }).result(watchdog);
        ADD_FAILURE() << "nothing was thrown";
    } catch (const cf::remote_error& e) {
        EXPECT_STREQ(e.what(), "bad row");
        EXPECT_NE(e.type_name().find("richer_error"), std::string::npos);
    }
    EXPECT_THROW(pool.submit([] { throw derived_coded_error(3); }).result(watchdog),
                 cf::remote_error);
    try {
        pool.submit([] { throw coded_error(5); }).result(watchdog);
        ADD_FAILURE() << "nothing was thrown";
    } catch (const coded_error& e) {
        EXPECT_EQ(e.code(), 5);
    }
}

TEST(ProcessExceptions, OfTypesThatShareANameAreNotMistakenForOneAnother)
{
    cf::process::register_exception<twin_error>();
    cf::test::register_other_twin();
    cf::process_pool_executor pool(1);

    for (int (*const f)() : {+[]() -> int { throw twin_error{7}; }, &cf::test::throw_other_twin}) {
        try {
            pool.submit(f).result(watchdog);
            ADD_FAILURE() << "nothing was thrown";
        } catch (const cf::remote_error& e) {
            EXPECT_NE(e.type_name().find("twin_error"), std::string::npos) << e.type_name();
        }
    }
}

TEST(ProcessCalls, BringContainersWithTheirComparators)
{
    cf::process_pool_executor pool(1);
    const std::set<std::string, by_length> words({"a", "bbb", "cc"}, by_length{true});
    const auto add = [](std::set<std::string, by_length> set) {
        set.insert("dddd");
        return set;
    };

    const auto longer = pool.submit(add, words).result(watchdog);

    EXPECT_TRUE(longer.key_comp().descending);
    EXPECT_EQ(*longer.begin(), "dddd");
    EXPECT_EQ(longer.size(), 4U);
}
