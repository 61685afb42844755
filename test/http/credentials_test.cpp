// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include <cofutures/http/credentials.hpp>

#include "http/netrc.hpp"
#include "http/speed_watch.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace cofutures::http {

namespace {

using detail::netrc;

TEST(HttpCredentials, AreWrittenAsTheirSchemesSay)
{
    EXPECT_EQ(credentials::basic("Aladdin", "open sesame").field(),
              "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    EXPECT_EQ(credentials::basic("", "").field(), "Basic Og==");
    EXPECT_EQ(credentials::basic("a", "b:c").field(), "Basic YTpiOmM=");
    EXPECT_EQ(credentials::basic("a", "\xc3\xbf").field(), "Basic YTrDvw==");
    EXPECT_EQ(credentials::basic("ab", "cde").field(), "Basic YWI6Y2Rl");
    EXPECT_EQ(credentials::bearer("mF_9.B5f-4.1JqM=").field(), "Bearer mF_9.B5f-4.1JqM=");
}

TEST(HttpCredentials, RefuseWhatWouldBeReadOtherwise)
{
    EXPECT_THROW(credentials::basic("a:b", "c"), std::invalid_argument);
    EXPECT_THROW(credentials::basic("a\n", "c"), std::invalid_argument);
    EXPECT_THROW(credentials::basic("a", "c\r\nX: y"), std::invalid_argument);
    EXPECT_THROW(credentials::bearer(""), std::invalid_argument);
    EXPECT_THROW(credentials::bearer("two words"), std::invalid_argument);
    EXPECT_THROW(credentials::bearer("a\r\nX: y"), std::invalid_argument);
}

TEST(HttpNetrc, FindsTheFirstEntryThatFits)
{
    const netrc entries = netrc::parse("# a comment\n"
                                       "machine one.test login a password b\n"
                                       "machine two.test\n\tlogin \"c c\"\n\taccount x\n"
                                       "\tpassword \"d \\\"d\\\\\"\r\n"
                                       "macdef init\ncd /pub\nmachine not.this\n\n"
                                       "machine ONE.test login z password z\n"
                                       "default login anonymous password me@here\n"
                                       "machine late.test login late password late\n");

    EXPECT_EQ(entries.find("one.test"), credentials::basic("a", "b"));
    EXPECT_EQ(entries.find("One.Test"), credentials::basic("a", "b"));
    EXPECT_EQ(entries.find("two.test"), credentials::basic("c c", "d \"d\\"));
    EXPECT_EQ(entries.find("late.test"), credentials::basic("anonymous", "me@here"));
    EXPECT_EQ(entries.find("not.this"), credentials::basic("anonymous", "me@here"));
    EXPECT_EQ(netrc::parse("machine h login a password b").find("other"), std::nullopt);
    EXPECT_EQ(netrc::parse("").find("h"), std::nullopt);
}

TEST(HttpNetrc, TakesAValueForAValueWhateverItBeginsWith)
{
    const netrc entries = netrc::parse("machine h login #me password #1 # a comment\n"
                                       "machine other login a password b\n");

    EXPECT_EQ(entries.find("h"), credentials::basic("#me", "#1"));
    EXPECT_EQ(entries.find("other"), credentials::basic("a", "b"));
}

TEST(HttpNetrc, NeverRepeatsAPasswordInItsError)
{
    for (const char* text : {"machine h login me password my secret",
                             "machine h login me secret",
                             "machine h password secret:\"",
                             "machine h login me:secret"}) {
        try {
            netrc::parse(text);
        } catch (const std::invalid_argument& error) {
            EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos) << error.what();
        }
    }
}

TEST(HttpCredentials, NeverRepeatAPasswordInTheirError)
{
    try {
        credentials::basic("me:secret", "");
        FAIL() << "accepted";
    } catch (const std::invalid_argument& error) {
        EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos) << error.what();
    }
}

TEST(HttpNetrc, RefusesAMachineWithoutName)
{
    EXPECT_THROW(netrc::parse("machine \"\" login a password b"), std::invalid_argument);
}

TEST(HttpNetrc, NamesTheLineOfWhatCannotBeSent)
{
    try {
        netrc::parse("machine h\n login me\n password \"a\001b\"\nmachine other");
        FAIL() << "read";
    } catch (const std::invalid_argument& error) {
        EXPECT_EQ(std::string(error.what()).substr(0, 7), "line 3:");
    }
}

TEST(HttpNetrc, NamesTheLineThatItCannotRead)
{
    const std::pair<const char*, const char*> cases[] = {
        {"\nlogin a", "line 2: expected machine or default before 'login'"},
        {"machine h\nlogn a",
         "line 2: expected machine, default, login, password, account or macdef"},
        {"machine", "line 1: expected a value after 'machine', got the end"},
        {"machine h login \"a\n", "line 1: expected a closing quotation mark"},
        {"machine h login a:b password c",
         "line 1: expected a login without colon, and no control character in it or the password"},
    };
    for (const auto& [text, reason] : cases) {
        try {
            netrc::parse(text);
            ADD_FAILURE() << text;
        } catch (const std::invalid_argument& error) {
            EXPECT_STREQ(error.what(), reason);
        }
    }
}

TEST(HttpNetrc, NamesTheFileThatItCannotRead)
{
    try {
        netrc::load("/no/such/file");
        FAIL();
    } catch (const std::system_error& error) {
        EXPECT_NE(std::string(error.what()).find("'/no/such/file'"), std::string::npos);
    }
}

using namespace std::chrono_literals;
using detail::speed_watch;

constexpr speed_watch::clock::time_point start{1h};

TEST(HttpSpeedWatch, WantsItsBytesInEachWindow)
{
    speed_watch watch(1000, 2s);
    EXPECT_EQ(watch.deadline(), speed_watch::clock::time_point::max()) << "not begun";
    watch.begin(start);
    watch.begin(start + 1s);
    EXPECT_EQ(watch.deadline(), start + 2s);
    watch.add(1999, start + 1s);
    EXPECT_EQ(watch.deadline(), start + 2s);
    watch.add(1, start + 1500ms);
    EXPECT_EQ(watch.deadline(), start + 3500ms);
    watch.skip(10s);
    EXPECT_EQ(watch.deadline(), start + 13500ms);
}

TEST(HttpSpeedWatch, NeverEndsWithAWindowOfTheGreatestLength)
{
    speed_watch watch(1, std::chrono::milliseconds::max());
    watch.begin(start);
    EXPECT_EQ(watch.deadline(), speed_watch::clock::time_point::max());
    watch.skip(48h);
    EXPECT_EQ(watch.deadline(), speed_watch::clock::time_point::max());
}

TEST(HttpSpeedWatch, NeverEndsWithoutALeastSpeed)
{
    speed_watch watch(0, 2s);
    watch.begin(start);
    watch.add(1, start);
    EXPECT_EQ(watch.deadline(), speed_watch::clock::time_point::max());
}

} // namespace

} // namespace cofutures::http
