// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#include "flags/progress.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

namespace downloader {

namespace {

// A stream that collects what is written to it.
class collected {
public:
    collected() : stream_(::open_memstream(&text_, &size_)) {}
    ~collected()
    {
        std::fclose(stream_);
        std::free(text_);
    }

    collected(const collected&) = delete;
    collected& operator=(const collected&) = delete;

    std::FILE* stream() const { return stream_; }

    std::string text() const
    {
        std::fflush(stream_);
        return {text_, size_};
    }

private:
    char* text_ = nullptr;
    std::size_t size_ = 0;
    std::FILE* stream_;
};

file_result saved(std::string code)
{
    return {std::move(code), outcome::downloaded, ""};
}

TEST(DownloaderProgress, PrintsEachCodeAsItIsSavedAndFailuresAtTheEnd)
{
    collected out;
    collected err;
    progress shown(progress::style::codes, 3, {out.stream(), err.stream(), false, 80});

    shown.file_done(saved("BD"));
    EXPECT_EQ(out.text(), "BD");
    shown.file_done({"XX", outcome::not_found, "XX not found: http://h/"});
    shown.file_done(saved("BR"));
    EXPECT_EQ(out.text(), "BD BR");
    EXPECT_EQ(err.text(), "");
    shown.finish();

    EXPECT_EQ(out.text(), "BD BR\n");
    EXPECT_EQ(err.text(), "*** XX not found: http://h/\n");
}

TEST(DownloaderProgress, NamesAFewFailuresAndCountsTheRest)
{
    collected out;
    collected err;
    progress shown(progress::style::codes, 13, {out.stream(), err.stream(), false, 80});

    for (int i = 0; i < 13; ++i) {
        shown.file_done({"XX", outcome::failed, "XX error"});
    }
    shown.finish();

    EXPECT_TRUE(err.text().ends_with("*** and 3 more; -v names them all\n")) << err.text();
    EXPECT_EQ(out.text(), "");
}

TEST(DownloaderProgress, PrintsALineForEachFileWhenVerbose)
{
    collected out;
    collected err;
    progress shown(progress::style::lines, 2, {out.stream(), err.stream(), true, 80});

    shown.file_done(saved("BD"));
    shown.file_done({"XX", outcome::failed, "XX error: why"});
    shown.finish();

    EXPECT_EQ(out.text(), "BD OK\nXX error: why\n");
    EXPECT_EQ(err.text(), "");
}

TEST(DownloaderProgress, SaysHowFarALongRunIsWhereThereIsNoTerminal)
{
    collected out;
    collected err;
    progress shown(progress::style::codes, 50, {out.stream(), err.stream(), false, 80});

    for (int i = 0; i < 12; ++i) {
        shown.file_done({"XX", outcome::interrupted, ""});
    }

    EXPECT_EQ(err.text(), "5 of 50 done\n10 of 50 done\n");
}

TEST(DownloaderProgress, DrawsABarOnATerminalAndTakesItAway)
{
    collected out;
    collected err;
    progress shown(progress::style::codes, 2, {out.stream(), err.stream(), true, 80});

    shown.file_done(saved("BD"));
    EXPECT_NE(err.text().find(bar_text(1, 2, 30)), std::string::npos);
    shown.file_done(saved("BR"));
    shown.finish();

    EXPECT_TRUE(err.text().ends_with("\033[K"));
    EXPECT_EQ(out.text(), "BD BR\n");
}

TEST(DownloaderProgress, BreaksTheLineBeforeTheBarRunsOutOfRoom)
{
    collected out;
    collected err;
    progress shown(progress::style::codes, 9, {out.stream(), err.stream(), true, 40});

    for (int i = 0; i < 6; ++i) {
        shown.file_done(saved("BD"));
    }
    shown.finish();

    EXPECT_EQ(out.text(), "BD BD BD\nBD BD BD\n");
}

TEST(DownloaderProgress, SaysNothingWhereJsonIsWanted)
{
    collected out;
    collected err;
    progress shown(progress::style::silent, 1, {out.stream(), err.stream(), true, 80});

    shown.file_done({"XX", outcome::failed, "XX error"});
    shown.finish();

    EXPECT_EQ(out.text() + err.text(), "");
}

TEST(DownloaderBar, FillsWithWhatIsDone)
{
    EXPECT_EQ(bar_text(0, 10, 17), "[----------] 0/10");
    EXPECT_EQ(bar_text(5, 10, 17), "[#####-----] 5/10");
    EXPECT_EQ(bar_text(10, 10, 18), "[##########] 10/10");
    EXPECT_EQ(bar_text(0, 0, 14), "[########] 0/0");
    EXPECT_EQ(bar_text(5, 10, 4), " 5/1");
}

} // namespace

} // namespace downloader
