// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "get/live_area.hpp"
#include "get/live_view.hpp"
#include "get/transfer_watch.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace downloader {

namespace {

using namespace std::chrono_literals;
using lines = std::vector<std::string>;

// A clock that the test moves.
class LiveView : public testing::Test {
protected:
    lines shown(std::size_t columns = 60, std::size_t rows = 24)
    {
        return view_.lines(run_, now_, columns, rows);
    }

    void finish(ending how, std::uint64_t size = 0, int times = 1)
    {
        for (int i = 0; i < times; ++i) {
            file_ending file;
            file.how = how;
            file.size = size;
            run_.counts.add(file);
            run_.fetched += size;
        }
    }

    live_view view_;
    run_snapshot run_;
    rate_meter::time_point now_{};
};

TEST_F(LiveView, HasALinePerTransferAndATotal)
{
    run_.active = {{"a.bin", 7s}, {"sub/b.bin", 83s}};
    run_.expected_total = 2;
    run_.expected_exactly = true;

    EXPECT_EQ(shown(30),
              (lines{"a.bin                     0:07",
                     "sub/b.bin                 1:23",
                     "0 of 2 files, 0 B"}));
}

TEST_F(LiveView, TellsHowMuchOfEachThereIs)
{
    run_.active = {{"a.bin", 7s, 1'250'000, 5'000'000}, {"b.bin", 83s, 999, std::nullopt}};
    EXPECT_EQ(shown(40),
              (lines{"a.bin                1.2 MB  25%    0:07",
                     "b.bin                 999 B         1:23",
                     "0 files, 0 B"}));
    EXPECT_EQ(shown(39).front(), "a.bin                              0:07");
}

TEST_F(LiveView, CountsPartsOfFilesForTheTimeLeft)
{
    run_.expected_total = 1;
    run_.expected_exactly = true;
    run_.active = {{"a.bin", 0s, 0, 1'000}};
    shown();
    now_ += 2s;
    run_.active = {{"a.bin", 2s, 250, 1'000}};
    run_.fetched = 250;
    EXPECT_EQ(shown().back(), "0 of 1 files, 250 B, 125 B/s, ETA 0:06");
}

TEST_F(LiveView, TellsSpeedAndTimeLeftFromWhatWasDownloaded)
{
    run_.expected_total = 30;
    run_.expected_exactly = true;
    finish(ending::kept, 0, 8);
    shown();
    now_ += 2s;
    finish(ending::downloaded, 1'000'000, 4);

    // 2 files a second, 18 to go; what was kept took no time.
    EXPECT_EQ(shown().back(), "12 of 30 files, 8 kept, 4.0 MB, 2.0 MB/s, ETA 0:09");
}

TEST_F(LiveView, LooksAtTheLastSecondsOnly)
{
    shown();
    now_ += 1s;
    finish(ending::downloaded, 50'000'000);
    EXPECT_EQ(shown().back(), "1 files, 50.0 MB, 50.0 MB/s");
    now_ += 10s;
    EXPECT_EQ(shown().back(), "1 files, 50.0 MB, 4.5 MB/s");
    now_ += 10s;
    EXPECT_EQ(shown().back(), "1 files, 50.0 MB, 0 B/s");
}

TEST_F(LiveView, AdmitsThatATotalIsAnEstimateOrUnknown)
{
    EXPECT_EQ(shown().back(), "0 files, 0 B");
    run_.expected_total = 1234.4;
    EXPECT_EQ(shown().back(), "0 of about 1234 files, 0 B");
}

TEST_F(LiveView, CountsWhatWentWrong)
{
    finish(ending::failed, 0, 2);
    finish(ending::timed_out);
    EXPECT_EQ(shown().back(), "3 files, 2 failed, 1 timed out, 0 B");
}

TEST_F(LiveView, FitsTheWindow)
{
    for (int i = 0; i < 10; ++i) {
        run_.active.push_back({std::string(100, 'x') + std::to_string(i), 1s});
    }
    EXPECT_EQ(shown(20, 6),
              (lines{"xxxxxxxxxxxx    0:01",
                     "xxxxxxxxxxxx    0:01",
                     "xxxxxxxxxxxx    0:01",
                     "and 7 more",
                     "0 files, 0 B"}));
    EXPECT_EQ(shown(4, 1), (lines{"and ", "0 fi"}));
    run_.active.resize(4);
    EXPECT_EQ(shown(20, 6).size(), 5u);
}

TEST_F(LiveView, LetsNoNameSpoilTheTerminal)
{
    run_.active = {{"a\x1b[2J\nb", 0s}};
    EXPECT_EQ(shown(20).front(), "a?[2J?b         0:00");
}

TEST(LiveText, IsCutByColumnsNotBytes)
{
    EXPECT_EQ(cut_to("abc", 2), "ab");
    EXPECT_EQ(cut_to("h\xc3\xa9h\xc3\xa9", 3), "h\xc3\xa9h");
    EXPECT_EQ(cut_to("\xe6\x97\xa5\xe6\x9c\xac", 3), "\xe6\x97\xa5");
    EXPECT_EQ(cut_to("\xf0\x9f\x98\x80!", 2), "\xf0\x9f\x98\x80");
    EXPECT_EQ(cut_to("", 3), "");
}

TEST(LiveText, TellsDurations)
{
    EXPECT_EQ(duration_text(0s), "0:00");
    EXPECT_EQ(duration_text(59600ms), "1:00");
    EXPECT_EQ(duration_text(3599s), "59:59");
    EXPECT_EQ(duration_text(3661s), "1:01:01");
    EXPECT_EQ(duration_text(1000h), "99:59:59");
    EXPECT_EQ(duration_text(-5s), "0:00");
}

TEST(RateMeter, NeedsTwoMoments)
{
    rate_meter meter;
    const rate_meter::time_point begin{};
    EXPECT_FALSE(meter.rate());
    meter.note(begin, 0);
    EXPECT_FALSE(meter.rate());
    meter.note(begin, 5);
    EXPECT_FALSE(meter.rate());
    meter.note(begin + 2s, 5);
    EXPECT_EQ(meter.rate(), 2.5);
}

TEST(LiveArea, DrawsOverWhatItDrew)
{
    char text[256] = {};
    std::FILE* file = ::fmemopen(text, sizeof text, "w");
    live_area area(file);
    area.show({"one", "two", "three"});
    area.show({"four"});
    area.hide();
    area.hide();
    area.show_again();
    area.show({});
    std::fclose(file);

    EXPECT_STREQ(text, "one\ntwo\nthree\033[2A\r\033[Jfour\r\033[Jfour\r\033[J");
}

TEST(TransferWatch, AddsUpPhasesAndBytes)
{
    using cofutures::http::event;
    using kind = event::kind;
    const auto at = [](kind what, std::chrono::nanoseconds took, std::uint64_t size = 0) {
        event made{.what = what, .call = 1, .url = "http://h/", .tries = 1, .took = took};
        made.size = size;
        if (what == kind::progress) {
            made.length = 9'000'000;
        }
        return made;
    };
    transfer_watch watch;
    EXPECT_FALSE(watch.now().begun);
    watch.note(at(kind::queued, 1s));
    EXPECT_TRUE(watch.now().begun);
    watch.note(at(kind::resolved, 2s));
    watch.note(at(kind::connected, 3s));
    watch.note(at(kind::secured, 4s));
    watch.note(at(kind::sent, 5s));
    watch.note(at(kind::first_byte, 6s));
    watch.note(at(kind::progress, 8s, 100));
    watch.note(at(kind::retried, 7s));
    watch.note(at(kind::queued, 1s));
    watch.note(at(kind::sent, 5s));
    watch.note(at(kind::first_byte, 6s));
    watch.note(at(kind::progress, 10s, 5'000'000)); // most of it from an earlier run
    watch.note(at(kind::progress, 11s, 5'000'100));
    watch.note(at(kind::done, 60s));

    const transfer_watch::state state = watch.now();
    EXPECT_EQ(state.size, 5'000'100u);
    EXPECT_EQ(state.length, 9'000'000u);
    EXPECT_EQ(state.fetched, 100u + 1024 * 1024 + 100u);
    const std::vector<double> expected = {2, 2, 3, 4, 10, 12, 2 + 5, 7};
    std::vector<double> seconds;
    for (const auto& [name, time] : state.phases.all()) {
        seconds.push_back(time.count());
    }
    EXPECT_EQ(seconds, expected);
}

TEST(LiveArea, KnowsThatTheTerminalHasWrappedItsLines)
{
    char text[512] = {};
    std::FILE* file = ::fmemopen(text, sizeof text, "w");
    live_area area(file);
    const std::string wide(81, 'x'); // the window of what is no terminal has 80 columns
    area.show({wide, "", "a"});
    area.hide();
    std::fclose(file);

    EXPECT_EQ(text, wide + "\n\na\033[3A\r\033[J");
}

} // namespace

} // namespace downloader
